package io.tidewheel.message;

/**
 * Sizes that hold for every message, whoever sends it. Bytes are bytes of UTF-8 where text is
 * meant.
 *
 * <p>They are constants because three other limits follow from them: the size of a stored event,
 * the size of a frame between nodes and the size of a request body.
 */
public final class Limits {
  /** Largest payload a topic may be set to accept; the default of a topic is 1 MiB. */
  public static final int MAX_PAYLOAD_BYTES = 8 << 20;

  public static final int MAX_KEY_BYTES = 512;
  public static final int MAX_ID_BYTES = 128;
  public static final int MAX_HEADER_COUNT = 64;

  /** All header names and values of one message together. */
  public static final int MAX_HEADER_BYTES = 16 << 10;

  public static final int MAX_CONTENT_TYPE_BYTES = 256;

  /** Messages in one publish call. */
  public static final int MAX_BATCH_MESSAGES = 1_000;

  /** Payload bytes in one publish call. */
  public static final int MAX_BATCH_BYTES = 4 << 20;

  /** Deliveries in one pull. */
  public static final int MAX_PULL_MESSAGES = 1_000;

  /** Payload bytes in one pull (one larger message is still delivered, alone). */
  public static final int MAX_PULL_BYTES = 4 << 20;

  /**
   * Weight of the messages in one pull ({@link Message#weight}; one heavier message is still
   * delivered, alone): names and headers are not payload, and go between nodes all the same. As
   * text may take half as much again as it weighs, an answer stays well below {@link #FRAME_BYTES}.
   */
  public static final int MAX_PULL_WEIGHT = MAX_PULL_BYTES + (1 << 20);

  /**
   * What one message between nodes may take ({@code maximum-frame-size} in {@code
   * tidewheel-akka.conf}): the largest message with all its headers, and some room. What is larger
   * would never arrive.
   */
  public static final int FRAME_BYTES = MAX_PAYLOAD_BYTES + (1 << 20);

  private Limits() {}
}
