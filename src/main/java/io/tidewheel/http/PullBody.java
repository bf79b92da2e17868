package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import io.tidewheel.message.Limits;
import io.tidewheel.worker.Consumer;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads the body of a pull; every field may be left out. */
final class PullBody {
  /** Longest a lease may be asked for. */
  static final Duration MAX_LEASE = Duration.ofHours(12);

  private static final int DEFAULT_MAX = 10;
  private static final int MAX_WORKER_BYTES = 256;

  private int max;
  private int maxBytes = Limits.MAX_PULL_BYTES;
  private Duration wait = Duration.ZERO;
  private @Nullable Duration lease;
  private @Nullable String worker;
  private @Nullable String version;

  private PullBody() {}

  /**
   * Reads a body.
   *
   * @param isRaw whether the answer is to be one bare payload
   */
  static Consumer.PullRequest read(byte[] body, boolean isRaw) {
    PullBody read = new PullBody();
    read.max = isRaw ? 1 : DEFAULT_MAX;
    if (body.length > 0) {
      Json.fields(body, read::field);
    }
    if (isRaw && read.max != 1) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED,
              "/max",
              "must be 1 for an answer of application/octet-stream")
          .toException();
    }
    return new Consumer.PullRequest(
        read.max, read.maxBytes, read.wait, read.lease, read.worker, read.version);
  }

  private void field(JsonParser parser, String field, String pointer) throws IOException {
    switch (field) {
      case "max" -> max = FieldParser.number(parser, pointer, 1, Limits.MAX_PULL_MESSAGES, max);
      case "maxBytes" ->
          maxBytes =
              FieldParser.number(parser, pointer, 1, Limits.MAX_PULL_BYTES, Limits.MAX_PULL_BYTES);
      case "wait", "timeout" -> {
        Duration given = FieldParser.duration(parser, pointer);
        if (given != null && given.compareTo(Call.MAX_TIME_LIMIT) > 0) {
          throw Problem.ofField(ProblemType.NOT_ACCEPTED, pointer, "must be at most 60s")
              .toException();
        }
        wait = field.equals("wait") && given != null ? given : wait;
      }
      case "lease" -> lease = lease(parser, pointer);
      case "worker" -> worker = name(parser, pointer);
      case "version" -> version = name(parser, pointer);
      default -> throw FieldParser.unknown(pointer);
    }
  }

  static @Nullable Duration lease(JsonParser parser, String pointer) throws IOException {
    Duration lease = FieldParser.duration(parser, pointer);
    if (lease != null && (lease.isZero() || lease.compareTo(MAX_LEASE) > 0)) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "a lease is more than 0s and at most 12h")
          .toException();
    }
    return lease;
  }

  private static @Nullable String name(JsonParser parser, String pointer) throws IOException {
    String name = FieldParser.text(parser, pointer);
    if (name == null) {
      return null;
    }
    int bytes = Utf8.encodedLength(name);
    if (bytes < 0 || bytes > MAX_WORKER_BYTES) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "is longer than " + MAX_WORKER_BYTES + " bytes")
          .toException();
    }
    return name;
  }
}
