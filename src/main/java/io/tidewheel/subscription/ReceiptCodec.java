package io.tidewheel.subscription;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Receipts as users see them: opaque, signed texts of URL-safe characters. Safe for any thread.
 *
 * <p>The form is base64url of a version, the fields as numbers of variable length, and the first 16
 * bytes of their HMAC-SHA256. Whoever has no key can neither make one nor change one. Whether a
 * receipt is of the right subscription is for the caller to check.
 */
public final class ReceiptCodec {
  /** The shortest key that is accepted. */
  public static final int MIN_KEY_BYTES = 16;

  private static final String ALGORITHM = "HmacSHA256";
  private static final int VERSION = 1;
  private static final int SIGNATURE_BYTES = 16;

  /** No receipt is longer: version, six numbers of at most ten bytes, signature, in base64. */
  private static final int MAX_CHARS = 110;

  private final ThreadLocal<Mac> macs;

  /**
   * A codec for one key.
   *
   * @param key secret, the same on every node; at least {@link #MIN_KEY_BYTES} bytes
   */
  public ReceiptCodec(byte[] key) {
    if (key.length < MIN_KEY_BYTES) {
      throw new IllegalArgumentException(
          "receipt key: expected at least " + MIN_KEY_BYTES + " bytes, but got " + key.length);
    }
    SecretKeySpec spec = new SecretKeySpec(key, ALGORITHM);
    this.macs = ThreadLocal.withInitial(() -> mac(spec));
  }

  /** The text of a receipt. */
  public String encode(Receipt receipt) {
    Encoder out = new Encoder(64);
    out.writeByte(VERSION);
    out.writeSigned(receipt.subscriptionUid());
    out.writeSigned(receipt.generation());
    out.writeSigned(receipt.queue());
    out.writeSigned(receipt.offset());
    out.writeSigned(receipt.incarnation());
    out.writeSigned(receipt.delivery());
    byte[] fields = out.toByteArray();
    byte[] signed = Arrays.copyOf(fields, fields.length + SIGNATURE_BYTES);
    System.arraycopy(macs.get().doFinal(fields), 0, signed, fields.length, SIGNATURE_BYTES);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(signed);
  }

  /** The receipt of a text; null if this broker did not make that text. */
  public @Nullable Receipt decode(String text) {
    if (text.length() > MAX_CHARS) {
      return null;
    }
    byte[] signed;
    try {
      signed = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
    // The decoder forgives unused bits and padding; one receipt has one text.
    boolean isExact = Base64.getUrlEncoder().withoutPadding().encodeToString(signed).equals(text);
    int length = signed.length - SIGNATURE_BYTES;
    if (!isExact || length <= 0 || !isSigned(signed, length)) {
      return null;
    }
    return fields(Arrays.copyOf(signed, length));
  }

  private boolean isSigned(byte[] signed, int length) {
    Mac mac = macs.get();
    mac.update(signed, 0, length);
    byte[] expected = Arrays.copyOf(mac.doFinal(), SIGNATURE_BYTES);
    return MessageDigest.isEqual(expected, Arrays.copyOfRange(signed, length, signed.length));
  }

  private static @Nullable Receipt fields(byte[] bytes) {
    Decoder in = new Decoder(bytes);
    try {
      if (in.readByte() != VERSION) {
        return null;
      }
      Receipt receipt =
          new Receipt(
              in.readSigned(),
              in.readSigned(),
              Math.toIntExact(in.readSigned()),
              in.readSigned(),
              Math.toIntExact(in.readSigned()),
              Math.toIntExact(in.readSigned()));
      in.expectEnd();
      return receipt;
    } catch (DecodingException | ArithmeticException e) {
      return null;
    }
  }

  private static Mac mac(SecretKeySpec spec) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(spec);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
    }
  }
}
