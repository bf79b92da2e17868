package io.tidewheel;

import org.jspecify.annotations.Nullable;

/** A node that could not start; the message says why, for people. */
public final class NodeStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NodeStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
