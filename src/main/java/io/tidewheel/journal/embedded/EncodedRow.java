package io.tidewheel.journal.embedded;

/**
 * A row on its way to the store; head and payload follow each other there. Its arrays are final.
 */
final class EncodedRow {
  private final long seqNr;
  private final byte[] key;
  private final byte[] head;
  private final byte[] payload;

  EncodedRow(long seqNr, byte[] key, byte[] head, byte[] payload) {
    this.seqNr = seqNr;
    this.key = key;
    this.head = head;
    this.payload = payload;
  }

  long seqNr() {
    return seqNr;
  }

  byte[] key() {
    return key;
  }

  byte[] head() {
    return head;
  }

  byte[] payload() {
    return payload;
  }

  int bytes() {
    return head.length + payload.length;
  }
}
