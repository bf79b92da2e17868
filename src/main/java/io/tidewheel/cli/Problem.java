package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.StringJoiner;

/**
 * A refusal as the broker words it (RFC 9457).
 *
 * @param status HTTP status
 * @param text title and detail for people
 * @param isRetryable whether the same request may succeed later
 * @param retryAfterMillis how long the broker asks to wait; 0 if it does not say
 */
record Problem(int status, String text, boolean isRetryable, long retryAfterMillis) {
  private static final int MAX_TEXT = 500;

  /**
   * Reads a problem, also from answers of something that is not Tidewheel.
   *
   * @param body the JSON body; missing if there was none
   * @param retryAfterMillis from the response's header; 0 for none
   */
  static Problem of(int status, JsonNode body, long retryAfterMillis) {
    String detail = body.path("detail").asText("");
    StringJoiner text = new StringJoiner(": ");
    text.add(body.path("title").asText("HTTP " + status));
    if (!detail.isEmpty()) {
      text.add(detail);
    }
    for (JsonNode error : body.path("errors")) {
      String reason = error.path("detail").asText();
      if (!detail.contains(reason)) {
        text.add((error.path("pointer").asText() + ' ' + reason).strip());
      }
    }
    boolean isRetryable = body.path("retryable").asBoolean(status == 429 || status == 503);
    String shown = text.toString().replace('\n', ' ');
    return new Problem(
        body.path("status").asInt(status),
        shown.length() > MAX_TEXT ? shown.substring(0, MAX_TEXT) + "…" : shown,
        isRetryable,
        retryAfterMillis);
  }

  CommandFailure asFailure() {
    return new CommandFailure(ExitCodes.FAILED, text);
  }
}
