package io.tidewheel.cli;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Finds the key of a message in its payload. Stateless. */
@FunctionalInterface
interface KeyRule {
  KeyRule NONE = payload -> null;

  /** The key; null when the payload has none. */
  @Nullable String keyOf(byte[] payload);

  /** The first group of the first match, or the whole match if the expression has no group. */
  static KeyRule regex(String expression) {
    Pattern pattern;
    try {
      pattern = Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "--key-regex " + expression + ": " + e.getDescription() + " at " + e.getIndex(),
          e);
    }
    return payload -> {
      Matcher matcher = pattern.matcher(new String(payload, StandardCharsets.UTF_8));
      return matcher.find() ? matcher.group(Math.min(1, matcher.groupCount())) : null;
    };
  }

  /** A field of a JSON payload: a JSON pointer ({@code /user/id}) or {@code .user.id}. */
  static KeyRule field(String path) {
    JsonPointer pointer = pointer(path);
    return payload -> {
      try {
        JsonNode value = Json.MAPPER.readTree(payload).at(pointer);
        return value.isValueNode() && !value.isNull() ? value.asText() : null;
      } catch (IOException e) {
        return null;
      }
    };
  }

  private static JsonPointer pointer(String path) {
    String text =
        path.startsWith(".") ? path.replace("~", "~0").replace("/", "~1").replace('.', '/') : path;
    try {
      return JsonPointer.compile(text);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCodes.USAGE, "--key-field " + path + ": expected /user/id or .user.id", e);
    }
  }
}
