package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.http.HttpResponse;

/** What the broker answered: status, headers, and the body as it came. */
record Answer(HttpResponse<byte[]> response) {
  int status() {
    return response.statusCode();
  }

  boolean isSuccess() {
    return status() < 400;
  }

  byte[] body() {
    return response.body();
  }

  /** The body as JSON; missing if it is none. */
  JsonNode json() {
    try {
      JsonNode json = Json.MAPPER.readTree(response.body());
      return json == null ? MissingNode.getInstance() : json;
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }

  Problem problem() {
    return Problem.of(status(), json(), retryAfterMillis());
  }

  /** This answer, if it is none of a refusal. */
  Answer orFail() {
    if (!isSuccess()) {
      throw problem().asFailure();
    }
    return this;
  }

  private long retryAfterMillis() {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("[0-9]{1,6}"))
        .map(seconds -> Long.parseLong(seconds) * 1_000)
        .orElse(0L);
  }
}
