package io.tidewheel.session;

import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.WebsocketReader;
import io.tidewheel.session.frame.WebsocketWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The bytes of one websocket connection: finds messages in what comes and hands them to the
 * session, writes what the session sends, keeps the connection alive and ends it.
 *
 * <ol>
 *   <li>A message that breaks the rules of websockets or the bound of size closes the connection
 *       with a code; nothing behind it is looked at.
 *   <li>What was handed over and not taken by the session is bounded: beyond it nothing is read.
 *   <li>A client that is silent in spite of pings, or takes nothing of what waits for it, is closed
 *       in bounded time. After a close code is sent it is read on for a moment and thrown away, so
 *       that the code arrives.
 * </ol>
 */
final class SessionSocket extends GraphStage<FlowShape<ByteString, ByteString>> {
  /** The session behind the connection. Called on the thread of the connection. */
  interface Owner {
    void onMessage(byte[] message);

    /** All that was sent is on its way to the client. */
    void onDrained();

    /**
     * The connection is over, for the session at least; called once.
     *
     * @param code why, if this side ended it; {@link CloseCode#NORMAL} if the client closed in
     *     order, {@link CloseCode#SILENT} if the connection broke
     */
    void onEnd(CloseCode code);
  }

  /** What the session does with its connection. Safe for any thread. */
  interface Line {
    /** Sends a websocket message. */
    void send(byte[] message);

    /** The session is done with so much of what came. */
    void taken(int bytes);

    void close(CloseCode code, String detail);
  }

  private final Inlet<ByteString> in = Inlet.create("SessionSocket.in");
  private final Outlet<ByteString> out = Outlet.create("SessionSocket.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final SessionLimits limits;
  private final LongSupplier nanoTime;
  private final Function<Line, Owner> owners;

  /**
   * A connection.
   *
   * @param owners makes its session when it begins
   */
  SessionSocket(SessionLimits limits, LongSupplier nanoTime, Function<Line, Owner> owners) {
    this.limits = limits;
    this.nanoTime = nanoTime;
    this.owners = owners;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic implements WebsocketReader.Listener, Line {
    private static final String CHECK = "check";
    private static final String CLOSE = "close";

    private final WebsocketWriter writer = WebsocketWriter.server();
    private final WebsocketReader reader =
        new WebsocketReader(true, limits.bounds().maxFrameBytes(), this);
    private final Deque<ByteString> waiting = new ArrayDeque<>();
    private final AsyncCallback<byte[]> sends = createAsyncCallback(this::onSend);
    private final AsyncCallback<Integer> takes = createAsyncCallback(this::onTaken);
    private final AsyncCallback<FrameException> closes =
        createAsyncCallback(wrong -> end(wrong.code(), wrong.detail()));
    private Owner owner = new Gone();
    private long heardNanos;
    private long movedNanos;
    private int unreadBytes;
    private boolean isClosing;
    private boolean isPeerClosed;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              read(grab(in));
            }

            @Override
            public void onUpstreamFinish() {
              gone();
              completeStage();
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              gone();
              completeStage();
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              movedNanos = nanoTime.getAsLong();
              write();
              endIfDone();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              gone();
              completeStage();
            }
          });
    }

    @Override
    public void preStart() {
      heardNanos = nanoTime.getAsLong();
      movedNanos = heardNanos;
      owner = owners.apply(this);
      scheduleAtFixedRate(CHECK, checkInterval(), checkInterval());
      pull(in);
    }

    @Override
    public void postStop() {
      gone();
    }

    private Duration checkInterval() {
      Duration ping = Duration.ofMillis(limits.bounds().pingMillis());
      Duration half = limits.writeTimeout().dividedBy(2);
      return ping.compareTo(half) < 0 ? ping : half;
    }

    private void read(ByteString bytes) {
      heardNanos = nanoTime.getAsLong();
      if (!isClosing) {
        try {
          byte[] array = bytes.toArrayUnsafe();
          reader.read(array, 0, array.length);
        } catch (FrameException e) {
          end(e.code(), e.detail());
        }
      }
      readOn();
    }

    private boolean isFull() {
      return unreadBytes > limits.maxUnreadBytes() && !isClosing;
    }

    private void readOn() {
      if (!isFull() && !hasBeenPulled(in) && !isClosed(in)) {
        pull(in);
      }
    }

    @Override
    public void onMessage(byte[] message) {
      unreadBytes += message.length;
      owner.onMessage(message);
    }

    @Override
    public void onPing(byte[] payload) {
      // One answer is enough, and a client that only pings must not fill memory.
      if (waiting.size() < 16) {
        waiting.add(ByteString.fromArrayUnsafe(writer.pong(payload)));
        write();
      }
    }

    @Override
    public void onPong() {
      // That something was heard is noted already.
    }

    @Override
    public void onClose(int code, String reason) {
      isPeerClosed = true;
      end(CloseCode.NORMAL, "");
      endIfDone();
    }

    private void onSend(byte[] message) {
      if (!isClosing) {
        if (waiting.isEmpty()) {
          movedNanos = Math.max(movedNanos, nanoTime.getAsLong());
        }
        waiting.add(ByteString.fromArrayUnsafe(writer.binary(message)));
        write();
      }
    }

    private void onTaken(int bytes) {
      unreadBytes -= bytes;
      readOn();
    }

    private void write() {
      if (isAvailable(out) && !waiting.isEmpty()) {
        push(out, waiting.poll());
        if (waiting.isEmpty() && !isClosing) {
          owner.onDrained();
        }
      }
    }

    @Override
    public void onTimer(Object key) {
      if (key.equals(CLOSE)) {
        onCloseOver();
        return;
      }
      long now = nanoTime.getAsLong();
      if (isClosing) {
        return;
      }
      if (isFull()) {
        // Silent because nothing is read.
        heardNanos = now;
      }
      if (!isAvailable(out) && now - movedNanos > limits.writeTimeout().toNanos()) {
        end(CloseCode.SLOW_READER, "the client took nothing for too long");
      } else if (now - heardNanos > 3_000_000L * limits.bounds().pingMillis()) {
        end(CloseCode.SILENT, "nothing was heard from the client for too long");
      } else if (waiting.isEmpty()) {
        waiting.add(ByteString.fromArrayUnsafe(writer.ping()));
        write();
      }
    }

    /** Says why, and waits a moment for the client to close. */
    private void end(CloseCode code, String detail) {
      if (isClosing) {
        return;
      }
      isClosing = true;
      tell(code);
      waiting.clear();
      waiting.add(ByteString.fromArrayUnsafe(writer.close(code.number(), detail)));
      write();
      scheduleOnce(CLOSE, limits.closeTimeout());
      readOn();
    }

    /** Both sides have said that they close, and the client has what was written. */
    private void endIfDone() {
      if (isClosing && isPeerClosed && waiting.isEmpty() && isAvailable(out)) {
        completeStage();
      }
    }

    /** In order if the client has taken everything: it would be waited for otherwise. */
    private void onCloseOver() {
      if (waiting.isEmpty() && isAvailable(out)) {
        completeStage();
      } else {
        failStage(new FrameException(CloseCode.SLOW_READER, "the client took nothing"));
      }
    }

    private void gone() {
      isClosing = true;
      tell(CloseCode.SILENT);
    }

    private void tell(CloseCode code) {
      Owner told = owner;
      owner = new Gone();
      told.onEnd(code);
    }

    @Override
    public void send(byte[] message) {
      sends.invoke(message);
    }

    @Override
    public void taken(int bytes) {
      takes.invoke(bytes);
    }

    @Override
    public void close(CloseCode code, String detail) {
      closes.invoke(new FrameException(code, detail));
    }
  }

  /** Nobody is there (any more). */
  private static final class Gone implements Owner {
    @Override
    public void onMessage(byte[] message) {
      // It came too late.
    }

    @Override
    public void onDrained() {
      // Nobody waits.
    }

    @Override
    public void onEnd(CloseCode code) {
      // It was said before.
    }
  }
}
