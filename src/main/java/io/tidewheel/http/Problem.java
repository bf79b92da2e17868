package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.message.EnumNames;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A refusal or failure as the API shows it (RFC 9457), with what a caller needs to go on: whether
 * anything was stored and whether to try again.
 *
 * @param detail what is wrong here, in words
 * @param outcome what is stored of the request
 * @param errors what is wrong with single fields
 * @param retryAfterSeconds when to try again; 0 if it is not known
 */
record Problem(
    ProblemType type,
    String detail,
    Outcome outcome,
    List<FieldError> errors,
    int retryAfterSeconds) {

  /** What is stored of a request that failed. */
  enum Outcome {
    STORED,
    NOT_STORED,
    UNKNOWN
  }

  /**
   * What is wrong with one field.
   *
   * @param pointer JSON pointer into the body; empty for the body itself
   */
  record FieldError(String pointer, String detail) {}

  /** A problem of a request of which nothing is stored. */
  static Problem of(ProblemType type, String detail) {
    return new Problem(type, detail, Outcome.NOT_STORED, List.of(), defaultRetryAfter(type));
  }

  /** A problem with one field of the body. */
  static Problem ofField(ProblemType type, String pointer, String detail) {
    return new Problem(
        type,
        pointer.isEmpty() ? detail : pointer + ": " + detail,
        Outcome.NOT_STORED,
        List.of(new FieldError(pointer, detail)),
        0);
  }

  Problem withOutcome(Outcome newOutcome) {
    return new Problem(type, detail, newOutcome, errors, retryAfterSeconds);
  }

  Problem withErrors(List<FieldError> newErrors) {
    return new Problem(type, detail, outcome, newErrors, retryAfterSeconds);
  }

  ProblemException toException() {
    return new ProblemException(this);
  }

  JsonNode toJson() {
    JsonBytes json = new JsonBytes(512);
    writeTo(json);
    return Json.object(json.toByteArray());
  }

  void writeTo(JsonBytes json) {
    json.literal("{\"type\":").string(type.uri());
    json.literal(",\"title\":").string(type.title());
    json.literal(",\"status\":").number(type.status());
    json.literal(",\"detail\":").string(detail);
    json.literal(",\"outcome\":\"").literal(EnumNames.lower(outcome));
    json.literal("\",\"retryable\":").literal(type.isRetryable() ? "true" : "false");
    if (!errors.isEmpty()) {
      json.literal(",\"errors\":[");
      String separator = "";
      for (FieldError error : errors) {
        json.literal(separator).literal("{\"pointer\":").string(error.pointer());
        json.literal(",\"detail\":").string(error.detail()).literal("}");
        separator = ",";
      }
      json.literal("]");
    }
    if (retryAfterSeconds > 0) {
      json.literal(",\"retryAfter\":\"").number(retryAfterSeconds).literal("s\"");
    }
    json.literal("}");
  }

  /** Shortens text that came from outside, so that an answer stays small. */
  static String quote(@Nullable String text) {
    if (text == null) {
      return "null";
    }
    return '"' + (text.length() <= 120 ? text : text.substring(0, 120) + "…") + '"';
  }

  private static int defaultRetryAfter(ProblemType type) {
    return switch (type) {
      case OVER_LIMIT, UNAVAILABLE, TIMED_OUT -> 1;
      case DISK_FULL -> 30;
      default -> 0;
    };
  }
}
