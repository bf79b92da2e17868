package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.QueueEvent.QueueDeleted;
import io.tidewheel.queue.QueueEvent.SubscriptionClosed;
import io.tidewheel.queue.QueueEvent.SubscriptionOpened;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Any legal history of a queue. */
class QueueStatePropertyTest {
  private static final QueueCodec CODEC = new QueueCodec();

  /** A restart at any moment, with or without a snapshot, gives the state that lived. */
  @Property(tries = 150)
  void replayAndSnapshotsGiveTheLiveState(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    QueueState live = new QueueState();
    QueueState replayed = new QueueState();
    long messages = 0;
    long checksum = 0;
    int eventCount = random.nextInt(120);
    for (int i = 0; i < eventCount && !live.isDeleted(); i++) {
      QueueEvent event = nextEvent(random, live);
      if (event instanceof MessagesAppended appended) {
        assertThat(appended.firstOffset()).isEqualTo(messages);
        for (Message message : appended.messages()) {
          checksum += message.checksumAt(messages++);
        }
      }
      live.apply(event);
      replayed.apply(stored(event));
      if (random.nextInt(10) == 0) {
        replayed = CODEC.decodeState(CODEC.stateManifest(), new Decoder(snapshot(replayed)));
      }
      assertThat(live.nextOffset()).isEqualTo(messages);
      assertThat(live.checksum()).isEqualTo(checksum);
      assertThat(live.senders().windows().size()).isLessThanOrEqualTo(SenderTable.MAX_SENDERS);
      assertThat(live.ids().size()).isLessThanOrEqualTo(IdWindow.MAX_IDS);
    }
    assertThat(snapshot(replayed)).isEqualTo(snapshot(live));
    for (Map.Entry<SenderId, NumberWindow> sender : live.senders().windows().entrySet()) {
      NumberWindow same = replayed.senders().window(sender.getKey());
      for (long number = 0; number < 40; number++) {
        assertThat(same.knowledgeOf(number)).isEqualTo(sender.getValue().knowledgeOf(number));
        assertThat(same.resultsOf(number)).isEqualTo(sender.getValue().resultsOf(number));
      }
    }
    for (int id = 0; id < 50; id++) {
      IdWindow.IdHash hash = IdWindow.IdHash.of("id-" + id);
      long since = live.lastAtMillis() - 500;
      assertThat(replayed.ids().find(hash, since, 20)).isEqualTo(live.ids().find(hash, since, 20));
    }
  }

  private static QueueEvent nextEvent(SplittableRandom random, QueueState state) {
    int kind = random.nextInt(100);
    if (kind == 0) {
      return new QueueDeleted();
    }
    if (kind < 15) {
      return new SubscriptionOpened(random.nextInt(8), random.nextLong(state.nextOffset() + 1));
    }
    if (kind < 25) {
      return new SubscriptionClosed(random.nextInt(8));
    }
    List<Message> messages = new ArrayList<>();
    List<DecidedAppend> appends = new ArrayList<>();
    for (int append = random.nextInt(1, 4); append > 0; append--) {
      int count = random.nextInt(1, 6);
      long first = state.nextOffset() + messages.size();
      for (int i = 0; i < count; i++) {
        messages.add(nextMessage(random));
      }
      SenderId sender = new SenderId(0, random.nextInt(20));
      NumberWindow window = state.senders().window(sender);
      long number = (window == null ? 0 : window.floor()) + random.nextInt(1, 1_200);
      boolean isPlain = random.nextBoolean();
      long[] codes = {first, AppendResults.codeOfConflict(), AppendResults.codeOfDuplicate(first)};
      appends.add(
          new DecidedAppend(
              sender,
              number + append * 2_000L,
              isPlain ? AppendResults.stored(first, count) : AppendResults.ofCodes(codes)));
    }
    appends.sort(java.util.Comparator.comparingLong(DecidedAppend::number));
    return new MessagesAppended(
        state.nextOffset(),
        state.lastAtMillis() + random.nextLong(3) * random.nextLong(400),
        state.checksum(),
        appends,
        messages);
  }

  private static Message nextMessage(SplittableRandom random) {
    byte[] payload = new byte[random.nextInt(20)];
    random.nextBytes(payload);
    Message message = Message.of(payload);
    if (random.nextInt(3) == 0) {
      message = message.withId("id-" + random.nextInt(50));
    }
    if (random.nextInt(3) == 0) {
      message = message.withKey("k" + random.nextInt(5)).withHeaders(Map.of("h", "v"));
    }
    return message;
  }

  private static QueueEvent stored(QueueEvent event) {
    Encoder out = new Encoder(event.weight());
    CODEC.encode(event, out);
    Decoder in = new Decoder(out.toByteArray());
    QueueEvent read = CODEC.decode(CODEC.manifest(event), in);
    in.expectEnd();
    assertThat(read).isEqualTo(event);
    return read;
  }

  private static byte[] snapshot(QueueState state) {
    Encoder out = new Encoder(1_024);
    CODEC.encodeState(state, out);
    return out.toByteArray();
  }
}
