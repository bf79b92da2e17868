package io.tidewheel.queue;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The result of each message of an append. Almost always all are stored one after the other, which
 * takes two numbers; exceptions are kept as one number a message.
 */
public final class AppendResults {
  /** Code of a message that was not stored; offsets are never negative. */
  private static final long CONFLICT = -1;

  /** Duplicates of offset {@code n} are kept as {@code DUPLICATE_BASE - n}. */
  private static final long DUPLICATE_BASE = -16;

  private final long firstOffset;
  private final int count;
  private final long @Nullable [] codes;

  private AppendResults(long firstOffset, int count, long @Nullable [] codes) {
    this.firstOffset = firstOffset;
    this.count = count;
    this.codes = codes;
  }

  /** All stored, from {@code firstOffset} on. */
  public static AppendResults stored(long firstOffset, int count) {
    return new AppendResults(firstOffset, count, null);
  }

  /** One code a message, as {@link #codes()} gave them. */
  static AppendResults ofCodes(long[] codes) {
    return new AppendResults(0, codes.length, codes.clone());
  }

  static long codeOfStored(long offset) {
    return offset;
  }

  static long codeOfDuplicate(long offset) {
    return DUPLICATE_BASE - offset;
  }

  static long codeOfConflict() {
    return CONFLICT;
  }

  public int count() {
    return count;
  }

  boolean isPlain() {
    return codes == null;
  }

  long firstOffset() {
    return firstOffset;
  }

  long[] codes() {
    long[] all = codes;
    if (all != null) {
      return all.clone();
    }
    long[] plain = new long[count];
    Arrays.setAll(plain, i -> firstOffset + i);
    return plain;
  }

  /** The result of message {@code index} of the append. */
  public PublishResult result(int queue, int index) {
    long code = codes == null ? firstOffset + index : codes[index];
    if (code >= 0) {
      return new PublishResult.Stored(queue, code, false);
    }
    if (code <= DUPLICATE_BASE) {
      return new PublishResult.Stored(queue, DUPLICATE_BASE - code, true);
    }
    return code == CONFLICT
        ? new PublishResult.Refused(
            PublishResult.Reason.ID_CONFLICT,
            "the id was used before for a message with another body")
        : new PublishResult.Refused(
            PublishResult.Reason.EXPIRED, "the time limit was over before the message was stored");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AppendResults that
        && count == that.count
        && Arrays.equals(codes(), that.codes());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(codes());
  }

  @Override
  public String toString() {
    return codes == null
        ? "AppendResults[" + firstOffset + " + " + count + "]"
        : "AppendResults" + Arrays.toString(codes);
  }
}
