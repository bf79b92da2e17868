package io.tidewheel.session;

import static org.assertj.core.api.Assertions.assertThat;

import akka.NotUsed;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import akka.stream.testkit.javadsl.TestSource;
import akka.util.ByteString;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.WebsocketWriter;
import java.time.Duration;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionSocketTest {
  private static final int CLOSE_BYTE = 0x88;
  private static final int PING_BYTE = 0x89;

  private final ActorTestKit kit = ActorTestKit.create();
  private final WebsocketWriter client = WebsocketWriter.client(new SplittableRandom(1));
  private final Queue<byte[]> messages = new ConcurrentLinkedQueue<>();
  private final BlockingQueue<CloseCode> ends = new LinkedBlockingQueue<>();
  private TestPublisher.Probe<ByteString> fromClient;
  private TestSubscriber.Probe<ByteString> toClient;
  private SessionSocket.Line line;

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void closesAClientThatIsSilentInSpiteOfPings() throws Exception {
    open(limits(Duration.ofSeconds(60), 1_000));
    toClient.request(100);

    assertThat(toClient.expectNext().apply(0) & 0xff).isEqualTo(PING_BYTE);
    assertThat(code(nextButPings())).isEqualTo(CloseCode.SILENT.number());
    assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(CloseCode.SILENT);
    toClient.expectComplete();
  }

  @Test
  void breaksOffAClientThatTakesNothing() throws Exception {
    open(limits(Duration.ofMillis(200), 1_000));
    toClient.request(1);
    line.send(new byte[10]);
    toClient.expectNext();

    line.send(new byte[10]);

    assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(CloseCode.SLOW_READER);
    toClient.expectError();
  }

  @Test
  void readsNoFurtherThanTheSessionFollows() {
    open(limits(Duration.ofSeconds(60), 1_000));
    for (int i = 0; i < 5; i++) {
      fromClient.sendNext(ByteString.fromArray(client.binary(new byte[600])));
    }
    awaitMessages(2);

    line.taken(600);

    awaitMessages(3);
  }

  /** So many, and no more in a moment. */
  private void awaitMessages(int count) {
    kit.createTestProbe().awaitAssert(() -> assertThat(messages).hasSize(count));
    kit.createTestProbe().expectNoMessage(Duration.ofMillis(200));
    assertThat(messages).hasSize(count);
  }

  @Test
  void answersACloseAndEnds() throws Exception {
    open(limits(Duration.ofSeconds(60), 1_000));
    toClient.request(10);

    fromClient.sendNext(ByteString.fromArray(client.close(1000, "")));

    assertThat(code(nextButPings())).isEqualTo(1000);
    assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(CloseCode.NORMAL);
    toClient.expectComplete();
  }

  @Test
  void looksAtNothingBehindWhatIsWrong() throws Exception {
    open(limits(Duration.ofSeconds(60), 1_000));
    toClient.request(10);
    ByteString wrong = ByteString.fromArray(new byte[] {(byte) 0x81, (byte) 0x80, 0, 0, 0, 0});

    fromClient.sendNext(wrong.concat(ByteString.fromArray(client.binary(new byte[5]))));

    assertThat(code(nextButPings())).isEqualTo(CloseCode.NOT_BINARY.number());
    assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(CloseCode.NOT_BINARY);
    assertThat(messages).isEmpty();
  }

  /** A machine with other work may come to a ping before what is waited for. */
  private ByteString nextButPings() {
    ByteString next = toClient.expectNext();
    while ((next.apply(0) & 0xff) == PING_BYTE) {
      next = toClient.expectNext();
    }
    return next;
  }

  private static int code(ByteString close) {
    assertThat(close.apply(0) & 0xff).isEqualTo(CLOSE_BYTE);
    return (close.apply(2) & 0xff) << 8 | (close.apply(3) & 0xff);
  }

  private static SessionLimits limits(Duration writeTimeout, int maxUnreadBytes) {
    Frame.Bounds bounds = new Frame.Bounds(1 << 20, 1 << 20, 10, 10, 100, 100);
    Duration moment = Duration.ofMillis(200);
    return new SessionLimits(
        bounds, 10, maxUnreadBytes, Duration.ofSeconds(5), writeTimeout, moment, moment);
  }

  private void open(SessionLimits limits) {
    Flow<ByteString, ByteString, NotUsed> flow =
        Flow.fromGraph(
            new SessionSocket(
                limits,
                System::nanoTime,
                opened -> {
                  line = opened;
                  return new Owner();
                }));
    var probes =
        TestSource.<ByteString>create(kit.system())
            .via(flow)
            .toMat(TestSink.create(kit.system()), Keep.both())
            .run(kit.system());
    fromClient = probes.first();
    toClient = probes.second();
    toClient.ensureSubscription();
    kit.createTestProbe().awaitAssert(() -> assertThat(line).isNotNull());
  }

  private final class Owner implements SessionSocket.Owner {
    @Override
    public void onMessage(byte[] message) {
      messages.add(message);
    }

    @Override
    public void onDrained() {
      // Nothing waits for that here.
    }

    @Override
    public void onEnd(CloseCode code) {
      ends.add(code);
    }
  }
}
