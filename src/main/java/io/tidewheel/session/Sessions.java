package io.tidewheel.session;

import akka.NotUsed;
import akka.stream.javadsl.Flow;
import akka.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Where connections of clients become sessions. Safe for any thread. */
public interface Sessions {
  /**
   * What handles the bytes of one connection behind the handshake.
   *
   * @return null if there are too many sessions, or the node stops
   */
  @Nullable Flow<ByteString, ByteString, NotUsed> open();

  /** Tells all clients that the node stops, and takes no more. */
  void stop();
}
