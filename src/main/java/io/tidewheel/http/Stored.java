package io.tidewheel.http;

import io.tidewheel.message.Message;
import org.jspecify.annotations.Nullable;

/** A message as it is stored, and where and when. */
record Stored(int queue, long offset, long atMillis, Message message) {
  /** The id of a message, which is its place if it was published without one. */
  static String id(@Nullable String own, int queue, long offset) {
    return own == null ? queue + "-" + offset : own;
  }
}
