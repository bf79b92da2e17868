package io.tidewheel.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/** Writes each payload, or each message as JSON, and a line feed. */
final class PrintHandler implements MessageHandler {
  private final PrintStream out;
  private final boolean isJson;

  PrintHandler(PrintStream out, boolean isJson) {
    this.out = out;
    this.isJson = isJson;
  }

  @Override
  public Verdict handle(PulledMessage message) {
    byte[] bytes = isJson ? message.json() : message.payload();
    synchronized (out) {
      out.write(bytes, 0, bytes.length);
      out.write('\n');
    }
    return Verdict.DONE;
  }

  /** What nobody could read must not be acked. */
  @Override
  public void flush(List<PulledMessage> messages) throws IOException {
    if (out.checkError()) {
      throw new IOException("standard output is closed");
    }
  }

  @Override
  public boolean isSlow() {
    return false;
  }
}
