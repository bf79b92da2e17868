package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.fail;

import io.tidewheel.catalog.CatalogCodec;
import io.tidewheel.queue.QueueCodec;
import io.tidewheel.subscription.SubscriptionCodec;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever bytes come from a disk or another node: an event, or the one exception for damage. */
class EventDecoderFuzzTest {
  private final RowSerializer serializer =
      new RowSerializer(List.of(new CatalogCodec(), new QueueCodec(), new SubscriptionCodec()));

  @Property(tries = 20_000)
  void bytesAreDecodedOrRefusedByName(
      @ForAll("manifests") String manifest, @ForAll("bytes") byte[] bytes) {
    try {
      serializer.fromBinary(bytes, manifest);
    } catch (DecodingException e) {
      // As it should be.
    } catch (RuntimeException | Error e) {
      fail("%s of %d bytes ended in %s", manifest, bytes.length, e);
    }
  }

  @Provide
  Arbitrary<String> manifests() {
    return Arbitraries.of(
        "row/opened-1",
        "row/checkpoint-1",
        "row/none",
        "none",
        "catalog/topic-created-1",
        "catalog/topic-changed-1",
        "catalog/topic-deleting-1",
        "catalog/topic-removed-1",
        "catalog/subscription-created-1",
        "catalog/subscription-changed-1",
        "catalog/subscription-opened-1",
        "catalog/subscription-closing-1",
        "catalog/subscription-removed-1",
        "catalog/state-1",
        "queue/messages-appended-1",
        "queue/subscription-opened-1",
        "queue/subscription-closed-1",
        "queue/queue-deleted-1",
        "queue/state-1",
        "subscription/settled-1",
        "subscription/sought-1",
        "subscription/closing-1",
        "subscription/state-1",
        "subscription/none");
  }

  /** Small numbers lead further in than any octets do; sometimes a huge one among them. */
  @Provide
  Arbitrary<byte[]> bytes() {
    Arbitrary<Byte> octet =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(8, Arbitraries.bytes().between((byte) 0, (byte) 4)),
            net.jqwik.api.Tuple.of(2, Arbitraries.bytes()),
            net.jqwik.api.Tuple.of(1, Arbitraries.of((byte) -1, (byte) 0x7f, (byte) '{')));
    return octet.array(byte[].class).ofMaxSize(120);
  }
}
