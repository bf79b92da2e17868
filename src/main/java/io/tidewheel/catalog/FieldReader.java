package io.tidewheel.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a patch over current values: an absent field keeps, {@code null} resets, and
 * everything wrong is collected by its JSON pointer instead of ending at the first error.
 */
final class FieldReader {
  private final ObjectNode node;
  private final String pointer;
  private final boolean isReset;
  private final List<CatalogClient.FieldError> errors;
  private final Set<String> knownNames = new TreeSet<>();
  private final List<FieldReader> inner = new ArrayList<>();

  private FieldReader(
      ObjectNode node, String pointer, boolean isReset, List<CatalogClient.FieldError> errors) {
    this.node = node;
    this.pointer = pointer;
    this.isReset = isReset;
    this.errors = errors;
  }

  static FieldReader of(ObjectNode patch) {
    return new FieldReader(patch, "", false, new ArrayList<>());
  }

  /** Reads a field that always has a value. */
  <T> T read(String name, T current, T byDefault, Function<JsonNode, T> parser) {
    T read = readNullable(name, current, byDefault, parser);
    return read == null ? byDefault : read;
  }

  /** Reads a field whose default is to have no value. */
  <T> @Nullable T readNullable(String name, @Nullable T current, Function<JsonNode, T> parser) {
    return readNullable(name, current, null, parser);
  }

  private <T> @Nullable T readNullable(
      String name, @Nullable T current, @Nullable T byDefault, Function<JsonNode, T> parser) {
    knownNames.add(name);
    JsonNode value = node.get(name);
    if (isReset || (value != null && value.isNull())) {
      return byDefault;
    }
    if (value == null) {
      return current;
    }
    try {
      return parser.apply(value);
    } catch (IllegalArgumentException e) {
      errors.add(new CatalogClient.FieldError(pointerTo(name), String.valueOf(e.getMessage())));
      return current;
    }
  }

  /** Reads a field that is an object of fields: {@code null} resets all of them. */
  FieldReader object(String name) {
    knownNames.add(name);
    JsonNode value = node.get(name);
    boolean isNull = isReset || (value != null && value.isNull());
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    if (value instanceof ObjectNode object) {
      fields = object;
    } else if (value != null && !isNull) {
      error(name, "expected an object, but got " + FieldParsers.show(value));
    }
    FieldReader reader = new FieldReader(fields, pointerTo(name), isNull, errors);
    inner.add(reader);
    return reader;
  }

  /** Whether the field was reset as a whole. */
  boolean isReset() {
    return isReset;
  }

  /** Whether there was an object with at least one field. */
  boolean isGiven() {
    return !node.isEmpty();
  }

  /** Reports what is wrong with a field, or, without a name, with the fields together. */
  void error(String name, String detail) {
    errors.add(new CatalogClient.FieldError(pointerTo(name), detail));
  }

  /** Ends the reading and reports the fields that nobody asked for. */
  List<CatalogClient.FieldError> finish() {
    node.fieldNames()
        .forEachRemaining(
            name -> {
              if (!knownNames.contains(name)) {
                error(name, "unknown field, expected one of " + String.join(", ", knownNames));
              }
            });
    inner.forEach(FieldReader::finish);
    return errors;
  }

  private String pointerTo(String name) {
    return name.isEmpty() ? pointer : pointer + '/' + name.replace("~", "~0").replace("/", "~1");
  }
}
