package io.tidewheel.http;

import java.util.concurrent.CompletionException;

/** Failures of stages. */
final class Failures {
  private Failures() {}

  /** The failure itself, without the wrappers that stages put around it. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
