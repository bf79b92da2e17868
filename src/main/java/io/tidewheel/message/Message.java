package io.tidewheel.message;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One message as it is stored and delivered: the payload as it came, and what the publisher said
 * about it. Immutable; {@link #payload()} hands out the array itself for speed, and nobody may
 * write to it.
 */
public final class Message {
  /** {@link #onlyFor()} of a message that every subscription gets. */
  public static final long FOR_ALL = 0;

  /** {@link #expiresAtMillis()} of a message without an end. */
  public static final long NEVER = 0;

  /** What a stored message costs beside its own bytes, for budgets: objects and references. */
  private static final int OVERHEAD_BYTES = 96;

  private final @Nullable String id;
  private final @Nullable String key;
  private final Map<String, String> headers;
  private final @Nullable String contentType;
  private final byte[] payload;
  private final long onlyFor;
  private final long expiresAtMillis;

  /** Zero while it is not known. */
  private int payloadCrc;

  private Message(
      @Nullable String id,
      @Nullable String key,
      Map<String, String> headers,
      @Nullable String contentType,
      byte[] payload,
      long onlyFor,
      long expiresAtMillis) {
    this.id = id;
    this.key = key;
    this.headers = headers;
    this.contentType = contentType;
    this.payload = payload;
    this.onlyFor = onlyFor;
    this.expiresAtMillis = expiresAtMillis;
  }

  /** A message with nothing but a payload. */
  public static Message of(byte[] payload) {
    return new Message(null, null, Map.of(), null, payload, FOR_ALL, NEVER);
  }

  /** A message whose payload is this text, in UTF-8. */
  public static Message text(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8)).withContentType("text/plain; charset=utf-8");
  }

  /** A message whose payload is this JSON, which is not looked at. */
  public static Message json(String json) {
    return of(json.getBytes(StandardCharsets.UTF_8)).withContentType("application/json");
  }

  /**
   * A message with all its parts.
   *
   * @param headers kept in their order
   * @param onlyFor uid of the one subscription it is meant for, or {@link #FOR_ALL}
   * @param expiresAtMillis wall-clock milliseconds after which it is a dead letter, or {@link
   *     #NEVER}
   */
  public static Message of(
      @Nullable String id,
      @Nullable String key,
      Map<String, String> headers,
      @Nullable String contentType,
      byte[] payload,
      long onlyFor,
      long expiresAtMillis) {
    if (onlyFor < 0 || expiresAtMillis < 0) {
      throw new IllegalArgumentException(
          "expected a uid and a time >= 0, but got " + onlyFor + " and " + expiresAtMillis);
    }
    Map<String, String> copy =
        headers.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    return new Message(id, key, copy, contentType, payload, onlyFor, expiresAtMillis);
  }

  public Message withId(@Nullable String newId) {
    return new Message(newId, key, headers, contentType, payload, onlyFor, expiresAtMillis);
  }

  public Message withKey(@Nullable String newKey) {
    return new Message(id, newKey, headers, contentType, payload, onlyFor, expiresAtMillis);
  }

  public Message withHeaders(Map<String, String> newHeaders) {
    return of(id, key, newHeaders, contentType, payload, onlyFor, expiresAtMillis);
  }

  public Message withContentType(@Nullable String newContentType) {
    return new Message(id, key, headers, newContentType, payload, onlyFor, expiresAtMillis);
  }

  /** The id the publisher gave, by which a repeat is recognised; null when it gave none. */
  public @Nullable String id() {
    return id;
  }

  /** Messages of one key are delivered in order; null is free of order. */
  public @Nullable String key() {
    return key;
  }

  public Map<String, String> headers() {
    return headers;
  }

  public @Nullable String contentType() {
    return contentType;
  }

  /** The payload itself, not a copy: read only. */
  public byte[] payload() {
    return payload;
  }

  public long onlyFor() {
    return onlyFor;
  }

  public long expiresAtMillis() {
    return expiresAtMillis;
  }

  /** What it weighs in a memory budget, in bytes. */
  public int weight() {
    int weight = OVERHEAD_BYTES + payload.length;
    weight += id == null ? 0 : 2 * id.length();
    weight += key == null ? 0 : 2 * key.length();
    weight += contentType == null ? 0 : 2 * contentType.length();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      weight += 2 * (header.getKey().length() + header.getValue().length());
    }
    return weight;
  }

  /**
   * The checksum of this message at its offset. Sums of these (modulo 2^64) compare what was stored
   * with what was read, in any order.
   */
  public long checksumAt(long offset) {
    return KeyHash.mix((offset << 32) ^ payloadCrc() ^ (offset >>> 32));
  }

  /** Computed once, or by each of two threads that don't see what the other has. */
  private long payloadCrc() {
    int known = payloadCrc;
    if (known == 0) {
      CRC32C crc = new CRC32C();
      crc.update(payload, 0, payload.length);
      known = (int) crc.getValue();
      payloadCrc = known;
    }
    return Integer.toUnsignedLong(known);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Message that
        && Objects.equals(id, that.id)
        && Objects.equals(key, that.key)
        && headers.equals(that.headers)
        && Objects.equals(contentType, that.contentType)
        && Arrays.equals(payload, that.payload)
        && onlyFor == that.onlyFor
        && expiresAtMillis == that.expiresAtMillis;
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, key, headers, contentType, Arrays.hashCode(payload), onlyFor);
  }

  /** Sizes only: payloads, keys and header values stay out of logs. */
  @Override
  public String toString() {
    return "Message[" + payload.length + " bytes, " + headers.size() + " headers]";
  }
}
