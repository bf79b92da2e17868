package io.tidewheel.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.Condition.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON of a filter: an object with a list of alternatives per header, e.g. {@code {"region":
 * ["eu", {"prefix": "us-"}], "test": [{"exists": false}]}}. One of the alternatives of each header
 * must hold. A single alternative may stand without its list.
 */
final class FilterJson {
  static final int MAX_HEADERS = 16;
  static final int MAX_VALUES = 64;
  private static final int MAX_TEXT_BYTES = 256;

  private FilterJson() {}

  static Map<String, List<Condition>> parse(JsonNode value) {
    if (!value.isObject() || value.size() > MAX_HEADERS) {
      throw FieldParsers.refusal(
          "an object of conditions for at most " + MAX_HEADERS + " headers", value);
    }
    Map<String, List<Condition>> filter = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      String header = entry.getKey();
      if (header.isEmpty() || !isShort(header)) {
        throw new IllegalArgumentException(
            "expected header names of 1 to " + MAX_TEXT_BYTES + " bytes");
      }
      filter.put(header, conditions(header, entry.getValue()));
    }
    return Map.copyOf(filter);
  }

  private static List<Condition> conditions(String header, JsonNode value) {
    List<JsonNode> alternatives = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(alternatives::add);
    } else {
      alternatives.add(value);
    }
    if (alternatives.isEmpty() || alternatives.size() > MAX_VALUES) {
      throw new IllegalArgumentException(
          "header " + header + ": expected 1 to " + MAX_VALUES + " alternatives");
    }
    List<String> equal = new ArrayList<>();
    List<Condition> conditions = new ArrayList<>();
    for (JsonNode alternative : alternatives) {
      if (alternative.isTextual()) {
        equal.add(text(header, alternative));
      } else {
        conditions.add(condition(header, alternative));
      }
    }
    if (!equal.isEmpty()) {
      conditions.add(0, new Condition(Kind.EQUALS, List.copyOf(equal)));
    }
    return List.copyOf(conditions);
  }

  private static Condition condition(String header, JsonNode alternative) {
    if (alternative.isObject() && alternative.size() == 1) {
      String name = alternative.fieldNames().next();
      JsonNode value = alternative.get(name);
      if (name.equals("prefix")) {
        return new Condition(Kind.PREFIX, texts(header, value));
      }
      if (name.equals("anythingBut")) {
        return new Condition(Kind.ANYTHING_BUT, texts(header, value));
      }
      if (name.equals("exists") && value.isBoolean()) {
        return new Condition(Kind.EXISTS, List.of(value.asText()));
      }
    }
    throw new IllegalArgumentException(
        "header "
            + header
            + ": expected a text, {\"prefix\": text}, {\"exists\": true or false} or"
            + " {\"anythingBut\": [texts]}, but got "
            + FieldParsers.show(alternative));
  }

  private static List<String> texts(String header, JsonNode value) {
    if (!value.isArray()) {
      return List.of(text(header, value));
    }
    if (value.isEmpty() || value.size() > MAX_VALUES) {
      throw new IllegalArgumentException(
          "header " + header + ": expected 1 to " + MAX_VALUES + " texts");
    }
    List<String> texts = new ArrayList<>();
    value.forEach(element -> texts.add(text(header, element)));
    return List.copyOf(texts);
  }

  private static String text(String header, JsonNode value) {
    if (!value.isTextual() || !isShort(value.textValue())) {
      throw new IllegalArgumentException(
          "header "
              + header
              + ": expected a text of at most "
              + MAX_TEXT_BYTES
              + " bytes, but got "
              + FieldParsers.show(value));
    }
    return value.textValue();
  }

  private static boolean isShort(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= MAX_TEXT_BYTES;
  }

  static ObjectNode write(Map<String, List<Condition>> filter) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    filter.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> write(entry.getValue(), node.putArray(entry.getKey())));
    return node;
  }

  private static void write(List<Condition> conditions, ArrayNode alternatives) {
    for (Condition condition : conditions) {
      List<String> values = condition.values();
      switch (condition.kind()) {
        case EQUALS -> values.forEach(alternatives::add);
        case EXISTS -> alternatives.addObject().put("exists", Boolean.parseBoolean(values.get(0)));
        case PREFIX -> write(values, alternatives.addObject().putArray("prefix"));
        case ANYTHING_BUT -> write(values, alternatives.addObject().putArray("anythingBut"));
      }
    }
  }

  private static void write(Iterable<String> values, ArrayNode array) {
    values.forEach(array::add);
  }
}
