package io.tidewheel.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as it came over HTTP.
 *
 * @param payload the bytes that were published
 * @param json the whole message as the broker wrote it, on one line
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record PulledMessage(
    String receipt,
    @Nullable String id,
    @Nullable String key,
    Map<String, String> headers,
    @Nullable String contentType,
    byte[] payload,
    int queue,
    long offset,
    int attempt,
    @Nullable String publishedAt,
    byte[] json) {}
