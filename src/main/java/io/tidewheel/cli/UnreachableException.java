package io.tidewheel.cli;

import java.net.URI;

/** No answer came; what was asked may have been done. */
final class UnreachableException extends CommandFailure {
  UnreachableException(URI broker, Throwable cause) {
    super(ExitCodes.UNREACHABLE, "no broker answers at " + broker + reason(cause), cause);
  }

  private static String reason(Throwable cause) {
    String message = cause.getMessage();
    return message == null || message.isBlank() ? "" : " (" + message + ")";
  }
}
