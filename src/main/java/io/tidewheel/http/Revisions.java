package io.tidewheel.http;

import org.jspecify.annotations.Nullable;

/** {@code If-Match} and {@code If-None-Match} against the revision of a resource. */
final class Revisions {
  private Revisions() {}

  /**
   * The revision that a change is conditional on; null for any.
   *
   * @param current revision of the resource; null if there is none
   * @throws ProblemException if a condition can't hold
   */
  static @Nullable Long condition(Call call, @Nullable Long current) {
    String noneMatch = call.headers().single("if-none-match");
    if (noneMatch != null) {
      if (!noneMatch.trim().equals("*")) {
        throw Problem.of(ProblemType.MALFORMED, "of If-None-Match only * is taken").toException();
      }
      if (current != null) {
        throw Problem.of(ProblemType.CONFLICT, "it exists already").toException();
      }
    }
    String match = call.headers().single("if-match");
    if (match == null) {
      return null;
    }
    if (current == null) {
      throw Problem.of(ProblemType.CONFLICT, "If-Match failed: it does not exist").toException();
    }
    if (match.trim().equals("*")) {
      return null;
    }
    Long asked = revision(match.trim());
    if (!asked.equals(current)) {
      throw Problem.of(ProblemType.CONFLICT, "If-Match failed: the revision is " + current)
          .toException();
    }
    return asked;
  }

  private static Long revision(String tag) {
    if (tag.matches("\"[0-9]{1,18}\"")) {
      return Long.valueOf(tag.substring(1, tag.length() - 1));
    }
    throw Problem.of(
            ProblemType.MALFORMED, "If-Match must be the ETag of the resource, such as \"3\"")
        .toException();
  }
}
