package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A broker to which a session is kept: connects, and connects again when that breaks. One thread,
 * which reads.
 */
final class Broker {
  /** Two ways to one node: the second is tried again only then, as it may lead elsewhere. */
  private static final long DUPLICATE_NANOS = 10_000_000_000L;

  private final URI url;
  private final Brokers brokers;
  private final boolean isSeed;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition waking = lock.newCondition();
  private boolean isWoken;
  private volatile boolean isClosed;
  private volatile String node;
  private volatile @Nullable Session session;
  private Frame.@Nullable Welcome previous;

  /**
   * A broker.
   *
   * @param node its name, if it is known; else empty
   * @param isSeed whether it is kept although nobody says that it is a member
   */
  Broker(URI url, String node, boolean isSeed, Brokers brokers) {
    this.url = url;
    this.node = node;
    this.isSeed = isSeed;
    this.brokers = brokers;
  }

  URI url() {
    return url;
  }

  String node() {
    return node;
  }

  void start() {
    ClientThread.start("tidewheel-client-" + url.getAuthority(), this::run);
  }

  private void run() {
    int failures = 0;
    while (!isClosed) {
      boolean wasWelcome = false;
      boolean isDuplicate = false;
      try {
        Connection connection =
            Connection.open(url, brokers.settings().connectTimeout(), brokers.random());
        Session opened = brokers.session(connection);
        session = opened;
        try {
          talk(connection, opened);
        } finally {
          isDuplicate = opened.isDuplicate();
          Frame.Welcome welcome = opened.welcome();
          wasWelcome = welcome != null && !isDuplicate;
          if (welcome != null) {
            node = welcome.node();
            previous = wasWelcome ? welcome : previous;
          }
          session = null;
          brokers.ended(opened);
        }
      } catch (IOException | RuntimeException e) {
        // Whatever went wrong with one connection, the next one may go well.
        brokers.onTrouble(url, e);
      }
      failures = wasWelcome ? 1 : failures + 1;
      if (!isSeed && failures > 3 && !brokers.isMember(node)) {
        break;
      }
      if (!isClosed) {
        pause(isDuplicate ? DUPLICATE_NANOS : brokers.reconnects().nanosAfter(failures));
      }
    }
    brokers.gone(this);
  }

  private void talk(Connection connection, Session opened) throws IOException {
    if (isClosed) {
      connection.close();
      return;
    }
    Frame.Welcome last = previous;
    opened.send(
        new Frame.Hello(
            Frame.VERSION,
            brokers.settings().name(),
            last == null ? 0 : last.sessionHigh(),
            last == null ? 0 : last.sessionLow()));
    ClientThread.start("tidewheel-client-out-" + url.getAuthority(), opened::write);
    connection.run(opened, brokers.settings().silence());
  }

  private void pause(long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (!isWoken && !isClosed && left > 0) {
        left = waking.awaitNanos(left);
      }
      isWoken = false;
    } catch (InterruptedException e) {
      // Nobody interrupts this thread but the end of the process.
      isClosed = true;
    } finally {
      lock.unlock();
    }
  }

  /** Tries at once. */
  void wake() {
    lock.lock();
    try {
      isWoken = true;
      waking.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends in order. */
  void close() {
    isClosed = true;
    wake();
    Session open = session;
    if (open != null) {
      open.goodbye();
    }
  }
}
