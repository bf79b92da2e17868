package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reading JSON of strangers: UTF-8 only, bounded in depth and sizes, nothing after the value. What
 * is wrong becomes a problem with the place where it is.
 */
final class Json {
  /** Objects and arrays inside each other, counted from the outermost. */
  static final int MAX_DEPTH = 64;

  /** Where the library says which of its sources it means, of which there is one. */
  private static final Pattern SOURCE = Pattern.compile(" \\(start marker at .*?\\]\\)");

  private static final StreamReadConstraints CONSTRAINTS =
      StreamReadConstraints.builder()
          .maxNestingDepth(MAX_DEPTH)
          .maxNumberLength(1_000)
          .maxNameLength(16 << 10)
          .maxStringLength(16 << 20)
          .build();

  private static final JsonFactory FACTORY = factory().build();

  /** For small bodies that are read as a tree: names may not come twice. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder(factory().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  private static JsonFactoryBuilder factory() {
    // Without charset detection every body is UTF-8, so that byte offsets are those of the input.
    // Interning and a shared table of names would let strangers fill memory that is never freed.
    return new JsonFactoryBuilder()
        .disable(JsonFactory.Feature.CHARSET_DETECTION)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
        .streamReadConstraints(CONSTRAINTS);
  }

  /** A parser over a whole body, which must be UTF-8. */
  static JsonParser parser(byte[] body) throws IOException {
    checkEncoding(body);
    return FACTORY.createParser(body);
  }

  /** A parser over a part of some bytes, which must be UTF-8; its offsets count from the start. */
  static JsonParser parser(byte[] bytes, int start, int end) throws IOException {
    checkEncoding(bytes, start, end);
    return FACTORY.createParser(bytes, start, end - start);
  }

  private static void checkEncoding(byte[] body) {
    checkEncoding(body, 0, body.length);
  }

  private static void checkEncoding(byte[] body, int start, int end) {
    if (!Utf8.isValid(body, start, end)) {
      throw Problem.of(ProblemType.MALFORMED, "the body is not valid UTF-8").toException();
    }
    if (hasByteOrderMark(body, start, end)) {
      throw Problem.of(ProblemType.MALFORMED, "the body begins with a byte order mark")
          .toException();
    }
  }

  /** Whether the bytes are one JSON value, within the limits, and nothing else. */
  static boolean isValue(byte[] bytes) {
    if (bytes.length == 0 || hasByteOrderMark(bytes, 0, bytes.length)) {
      return false;
    }
    try (JsonParser parser = FACTORY.createParser(bytes)) {
      if (parser.nextToken() == null) {
        return false;
      }
      parser.skipChildren();
      // A text is checked, but not made, when the parser goes on.
      return parser.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }

  /** A body that is one object, as a tree; an empty body is an empty object. */
  static ObjectNode object(byte[] body) {
    if (body.length == 0) {
      return MAPPER.createObjectNode();
    }
    checkEncoding(body);
    try {
      JsonNode node = MAPPER.readTree(body);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw Problem.ofField(ProblemType.MALFORMED, "", "the body is not a JSON object")
          .toException();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  static ObjectNode newObject() {
    return MAPPER.createObjectNode();
  }

  static byte[] write(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes one field of an object; the parser stands on its value and is left on its end. */
  interface FieldReader {
    void read(JsonParser parser, String field, String pointer) throws IOException;
  }

  /** Reads a body that is one object, field by field; none may come twice. */
  static void fields(byte[] body, FieldReader reader) {
    try (JsonParser parser = parser(body)) {
      enterObject(parser);
      Set<String> seen = new HashSet<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        String pointer = segment(field);
        if (!seen.add(field)) {
          throw FieldParser.twice(pointer);
        }
        parser.nextToken();
        reader.read(parser, field, pointer);
      }
      expectEnd(parser);
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** Moves into the object that a body must be. */
  private static void enterObject(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw Problem.ofField(ProblemType.MALFORMED, "", "the body is not a JSON object")
          .toException();
    }
  }

  /** Makes sure that nothing follows. */
  static void expectEnd(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw Problem.ofField(ProblemType.MALFORMED, "", "something follows the JSON object")
          .toException();
    }
  }

  /** The problem for JSON that can't be read. */
  static ProblemException malformed(IOException cause) {
    String reason = "the body ends too early or can't be read";
    if (cause instanceof StreamConstraintsException) {
      // The library's own words name its classes.
      reason = "it is nested deeper than " + MAX_DEPTH + ", or a number or name in it is too long";
    } else if (cause instanceof MismatchedInputException) {
      // Of a tree nothing else is expected.
      reason = "something follows the JSON object";
    } else if (cause instanceof JsonProcessingException json) {
      JsonLocation location = json.getLocation();
      reason = SOURCE.matcher(firstLine(json.getOriginalMessage())).replaceAll("");
      if (location != null) {
        reason += " at line " + location.getLineNr() + ", column " + location.getColumnNr();
      }
    }
    return Problem.ofField(ProblemType.MALFORMED, "", "not valid JSON: " + reason).toException();
  }

  /** A name as a segment of a JSON pointer. */
  static String segment(String name) {
    return '/' + name.replace("~", "~0").replace("/", "~1");
  }

  private static boolean hasByteOrderMark(byte[] bytes, int start, int end) {
    return end - start >= 3
        && bytes[start] == (byte) 0xef
        && bytes[start + 1] == (byte) 0xbb
        && bytes[start + 2] == (byte) 0xbf;
  }

  private static String firstLine(String text) {
    String line = text.lines().findFirst().orElse("");
    return line.length() <= 200 ? line : line.substring(0, 200) + "…";
  }
}
