package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.catalog.Topic;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.message.Control;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.AppendResults;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.queue.Reader;
import io.tidewheel.queue.SenderId;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.Redriving;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WireSerializerTest {
  private final ActorTestKit kit =
      ActorTestKit.create(
          "wire",
          ConfigFactory.parseString(
                  "akka.actor.provider = local, akka.cluster.seed-nodes = [],"
                      + " akka.actor.default-dispatcher.executor = default-executor")
              .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
              .withFallback(ConfigFactory.load())
              .resolve());
  private final TestProbe<Object> probe = kit.createTestProbe();
  private final Serialization serialization =
      SerializationExtension.get(Adapter.toClassic(kit.system()));

  private static final Receipt RECEIPT = new Receipt(7, 2, 3, 400, -5, 6);
  private static final Message MESSAGE =
      Message.of(
          "id",
          "key",
          Map.of("a", "b"),
          "text/plain",
          "hello".getBytes(StandardCharsets.UTF_8),
          Message.FOR_ALL,
          Message.NEVER);

  /** Guards what a remote queue could never be sent, or could never answer. */
  @Test
  void theLargestMessageAndTheLargestAnswerFitIntoAFrame() {
    long frame =
        kit.system().settings().config().getBytes("akka.remote.artery.advanced.maximum-frame-size");
    assertThat(frame).isEqualTo(Limits.FRAME_BYTES);
    Message largest = largest(Limits.MAX_PAYLOAD_BYTES, 'x', 1);
    Queue.Append append =
        new Queue.Append(new SenderId(1, 2), 3, List.of(largest), 4, true, probe.ref().narrow());
    assertThat(sizeOf(append)).isBetween(Limits.MAX_PAYLOAD_BYTES, Limits.FRAME_BYTES - (64 << 10));

    // Three bytes for a character that weighs two.
    Message heavy = largest(0, '\u6f6e', 3);
    List<Delivery> deliveries = new ArrayList<>();
    for (int weight = 0; weight + heavy.weight() < Limits.MAX_PULL_WEIGHT; ) {
      deliveries.add(new Delivery(RECEIPT, heavy, 1, 2, 3));
      weight += heavy.weight();
    }
    assertThat(sizeOf(new Subscription.Pulled(9, deliveries, 1)))
        .isBetween(Limits.MAX_PULL_WEIGHT, Limits.FRAME_BYTES - (64 << 10));
  }

  private static Message largest(int payloadBytes, char letter, int bytesOfLetter) {
    String letters = String.valueOf(letter);
    Map<String, String> headers = new HashMap<>();
    int valueBytes = Limits.MAX_HEADER_BYTES / Limits.MAX_HEADER_COUNT - 2;
    for (int i = 10; i < 10 + Limits.MAX_HEADER_COUNT; i++) {
      headers.put(Integer.toString(i), letters.repeat(valueBytes / bytesOfLetter));
    }
    return Message.of(
        letters.repeat(Limits.MAX_ID_BYTES / bytesOfLetter),
        letters.repeat(Limits.MAX_KEY_BYTES / bytesOfLetter),
        headers,
        letters.repeat(Limits.MAX_CONTENT_TYPE_BYTES / bytesOfLetter),
        new byte[payloadBytes],
        Message.FOR_ALL,
        Message.NEVER);
  }

  private int sizeOf(Object object) {
    return serialization.serialize(object).get().length;
  }

  @AfterAll
  void stop() {
    kit.shutdownTestKit();
  }

  Stream<Object> messages() {
    return Stream.of(
        new Queue.Append(
            new SenderId(1, 2), 3, List.of(MESSAGE), Long.MAX_VALUE, true, probe.ref().narrow()),
        new AppendReply.Decided(1, 2, AppendResults.stored(3, 4)),
        new AppendReply.StoredBefore(5),
        new AppendReply.NotStored(6, PublishResult.Reason.UNAVAILABLE, "moving"),
        new AppendReply.Unknown(7, "lost"),
        reader(new Subscription.Pull(1, 2, 3, "w", "v", null, 9, probe.ref().narrow())),
        reader(new Subscription.Pull(1, 2, 3, "w", "v", probe.ref(), 9, probe.ref().narrow())),
        new Subscription.Pulled(9, List.of(new Delivery(RECEIPT, MESSAGE, 1, 2, 3, true)), 4),
        new Subscription.Pulled(0, List.of(), 0),
        settle(new SettleAction.Ack()),
        settle(new SettleAction.Nack(Duration.ofSeconds(1), "why")),
        settle(new SettleAction.Nack(null, null)),
        settle(new SettleAction.Release()),
        settle(new SettleAction.Reject("no")),
        settle(new SettleAction.Extend(Duration.ZERO)),
        new Subscription.Settled(Arrays.asList(SettleStatus.values())),
        reader(new Subscription.Seek(new Subscription.Position.Earliest(), probe.ref().narrow())),
        reader(new Subscription.Seek(new Subscription.Position.Time(5), probe.ref().narrow())),
        reader(new Subscription.Seek(new Subscription.Position.Offset(5), probe.ref().narrow())),
        new Subscription.Sought(1, 2, 3),
        new Subscription.NotSought(1, "no"),
        reader(new Subscription.Replay(1, probe.ref().narrow())),
        new Subscription.Replayed(1, Subscription.ReplayOutcome.REOPENED, 4),
        reader(new Looks.Look(new Looks.Where(1), probe.ref().narrow())),
        reader(new Looks.Look(new Looks.Why(), probe.ref().narrow())),
        reader(new Looks.Look(new Looks.WhyKey("k"), probe.ref().narrow())),
        reader(new Looks.Look(new Looks.WhyOffset(1), probe.ref().narrow())),
        reader(new Looks.Look(new Looks.ListOf(Looks.Kind.OPEN, 1, 2), probe.ref().narrow())),
        new Looks.NotNow("later"),
        reader(new Redriving.FindOpen(1, 2, probe.ref().narrow())),
        new Redriving.Found(1, 2, List.of(3L), List.of(4L), 5, 6, 7),
        new Redriving.NotFound(true),
        reader(new Redriving.Discharge(List.of(1L), probe.ref().narrow())),
        new Redriving.Discharged(1, true),
        reader(new Redriving.Reopen(1, 2, probe.ref().narrow())),
        new Redriving.Reopened(1, Redriving.Outcome.GONE),
        reader(new Reader.Describe(probe.ref().narrow())),
        new Reader.Status(
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16,
            null,
            Reader.Reconciliation.UNKNOWN),
        new Queue.OpenSubscription(1, Topic.StartPosition.TIME, 2, probe.ref().narrow()),
        new Queue.CloseSubscription(1, probe.ref().narrow()),
        new Queue.Delete(probe.ref().narrow()),
        new Queue.StoredInLog(5),
        new Queue.NotNow("moving"),
        new Queue.Wake(null),
        new Queue.Wake(probe.ref().narrow()),
        new QueueWaker.IsAwake(1, 2),
        new Queue.Describe(true, probe.ref().narrow()),
        new Inspector.QueueStatus(1, "n", 2, 3, 4, 5, 6, 7, List.of()),
        new QuorumWatch.Ask(
            1, new NodeId("a:1", -2), List.of(new NodeId("b:1", 3)), probe.ref().narrow()),
        new QuorumWatch.Answered(
            1,
            new NodeId("a:1", 2),
            true,
            List.of(new QuorumWatch.Silence(new NodeId("b", 1), 4)),
            5),
        new QuorumWatch.Resigned(new NodeId("a:1", 2)),
        new BacklogLink.Rows(
            new NodeId("a:1", 2),
            3,
            List.of(
                new BacklogLink.Told(
                    new Subscription.Board.Row(
                        1, 2, 3, 4, 5, 6, 7, 8, Subscription.Board.Presence.ASLEEP),
                    9))),
        new BacklogLink.Wants(new NodeId("a:1", 2), Set.of(3L, 4L), true, false));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void comesBackAsItWas(Object message) {
    Serializer serializer = serialization.findSerializerFor(message);
    Object back = kit.serializationTestKit().verifySerialization(message, false);
    assertThat(back).isEqualTo(message);
    assertThat(serializer.identifier() == WireSerializer.IDENTIFIER || message instanceof Control)
        .as("a form of its own, or that of control messages")
        .isTrue();
  }

  /** What nodes of two versions send each other must not change by accident. */
  @Test
  void bytesStayTheSame() {
    assertThat(hex(new AppendReply.Decided(1, 2, AppendResults.stored(3, 4))))
        .isEqualTo("append-reply-1 01010200" + "0403");
    assertThat(hex(new AppendReply.NotStored(6, PublishResult.Reason.EXPIRED, "x")))
        .isEqualTo("append-reply-1 0306074558504952454401" + "78");
    assertThat(hex(new Subscription.Settled(List.of(SettleStatus.ACKED, SettleStatus.RETRY))))
        .isEqualTo("settled-1 020007");
    assertThat(
            hex(
                new Subscription.Pulled(
                    5, List.of(new Delivery(RECEIPT, Message.of(new byte[] {1}), 1, 2, 3)), 4)))
        .isEqualTo("pulled-1 0504" + "0100000000000101" + "07020390030906" + "01020300");
  }

  @Test
  void foreignBytesAreRefused() {
    WireSerializer serializer =
        (WireSerializer) serialization.serializerByIdentity().apply(WireSerializer.IDENTIFIER);
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {1}, "append-9"))
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {1, 2, 3}, "settled-1"))
        .isInstanceOf(DecodingException.class);
  }

  private String hex(Object message) {
    Serializer serializer = serialization.findSerializerFor(message);
    return Serializers.manifestFor(serializer, message)
        + ' '
        + HexFormat.of().formatHex(serializer.toBinary(message));
  }

  private static Queue.ToReader reader(Reader.Command command) {
    return new Queue.ToReader(9, command);
  }

  private Queue.ToReader settle(SettleAction action) {
    return reader(new Subscription.Settle(action, List.of(RECEIPT), probe.ref().narrow()));
  }
}
