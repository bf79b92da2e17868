package io.tidewheel.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;

/**
 * Settings written as {@code name=value}: dots go into sections ({@code retention.time=48h}), a
 * value that is JSON is taken as such ({@code queues=4}, {@code ttl=null}), all else is text.
 */
final class SettingArguments {
  private SettingArguments() {}

  /** The body of a {@code PUT}. */
  static ObjectNode toJson(List<String> arguments) {
    ObjectNode settings = Json.MAPPER.createObjectNode();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (equals <= 0) {
        throw new CommandFailure(
            ExitCodes.USAGE, argument + ": expected a setting such as retention.time=48h");
      }
      put(settings, argument.substring(0, equals), value(argument.substring(equals + 1)));
    }
    return settings;
  }

  private static void put(ObjectNode settings, String path, JsonNode value) {
    String[] names = path.split("\\.", -1);
    ObjectNode section = settings;
    for (int i = 0; i < names.length - 1; i++) {
      if (section.has(names[i]) && !section.get(names[i]).isObject()) {
        throw new CommandFailure(ExitCodes.USAGE, path + ": " + names[i] + " is given twice");
      }
      section = section.withObjectProperty(names[i]);
    }
    section.set(names[names.length - 1], value);
  }

  private static JsonNode value(String text) {
    try {
      JsonNode json = Json.MAPPER.readTree(text);
      return json.isMissingNode() ? TextNode.valueOf(text) : json;
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(text);
    }
  }
}
