package io.tidewheel.journal;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Small values in a shared store that all who use it see change one after the other (linearizable).
 * Safe for any thread.
 */
public interface SharedRegister {
  /** The value of a name, nothing if it never had one. */
  CompletionStage<byte @Nullable []> read(String name);

  /**
   * Sets a value if the present one is as expected; fails if that is not known, and then {@link
   * #read} says what has become of it.
   *
   * @param name 1 to 255 bytes in UTF-8
   * @param expected the present value; null for none
   * @return whether it was as expected
   */
  CompletionStage<Boolean> replace(String name, byte @Nullable [] expected, byte[] value);
}
