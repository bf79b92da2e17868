package io.tidewheel.worker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a redrive is. When it is done, {@code scanned} is the sum of {@code redriven} (with a dry
 * run, {@code selected}), {@code skipped} and {@code failed}.
 *
 * @param total dead letters that were left when it began
 * @param scanned of these, looked at
 * @param selected to be redriven
 * @param bytes of the payloads of the selected ones
 * @param redriven stored for their subscription again, and settled in the dead-letter topic
 * @param skipped not selected, or with a worker of the dead-letter topic
 * @param failed can't be redriven as they are; they stay
 * @param first at most {@link #MAX_SHOWN} of the selected ones
 */
public record RedriveProgress(
    long total,
    long scanned,
    long selected,
    long bytes,
    long redriven,
    long skipped,
    long failed,
    List<Shown> first) {
  public static final int MAX_SHOWN = 10;

  /** Of a redrive that has only begun. */
  public static final RedriveProgress NONE = new RedriveProgress(0, 0, 0, 0, 0, 0, 0, List.of());

  /**
   * A selected dead letter.
   *
   * @param letter its offset in the dead-letter topic
   * @param atMillis when it came there
   * @param queue and {@code offset}: where the message died
   * @param id it was published with
   * @param reason why it died
   */
  public record Shown(
      long letter,
      long atMillis,
      int queue,
      long offset,
      @Nullable String id,
      @Nullable String key,
      String reason,
      int bytes) {}
}
