package io.tidewheel.session;

/** How many publishes of a session are without an answer, and their payload. */
final class OpenPublishes {
  private int count;
  private long bytes;

  void add(long payloadBytes) {
    count++;
    bytes += payloadBytes;
  }

  void remove(long payloadBytes) {
    count--;
    bytes -= payloadBytes;
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }
}
