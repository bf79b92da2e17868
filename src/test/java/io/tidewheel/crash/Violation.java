package io.tidewheel.crash;

/** A promise that was broken, and by which message. */
public record Violation(Kind kind, MessageId id, String detail) {
  public enum Kind {
    LOST("acknowledged, never delivered"),
    LEFT_BEHIND("delivered, given back, never delivered again"),
    ACKED_AGAIN("delivered after its ack was confirmed"),
    UNEXPECTED("delivered, never published or refused"),
    ALTERED("delivered with another payload"),
    STORED_TWICE("one id at two places"),
    OUT_OF_ORDER("first delivered before an earlier one of its key"),
    HELD_TWICE("delivered again within its lease");

    private final String meaning;

    Kind(String meaning) {
      this.meaning = meaning;
    }

    public String meaning() {
      return meaning;
    }
  }
}
