package io.tidewheel.backlog;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a board announces to the link to other nodes, and when. */
class BoardLinkTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final long SUBSCRIPTION = 7;

  private final AtomicLong now = new AtomicLong(5_000);
  private final BacklogBoard.Parts parts =
      Boards.at(Standing.Home.ALONE, () -> Instant.ofEpochMilli(now.get()));
  private final TestProbe<BoardNews> link = KIT.createTestProbe(BoardNews.class);
  private final TestProbe<Offer> worker = KIT.createTestProbe(Offer.class);

  private ActorRef<BacklogBoard.Command> board;
  private BacklogReports reports;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    board = KIT.spawn(BacklogBoard.create(parts));
    reports = new BacklogReports(board, parts.claims());
  }

  @Test
  void announcesAtOnceWhatNobodyHasRoomFor() {
    begin();
    report(2);
    announced(2);
  }

  @Test
  void announcesWhatWasThereBeforeTheLink() {
    report(2);
    look();
    board.tell(new BacklogBoard.Link(link.getRef()));
    assertThat(link.expectMessageClass(BoardNews.Changes.class).rows()).hasSize(1);
    announced(2);
  }

  @Test
  void announcesWhatWasThereBeforeTheLinkWhenItIsDue() {
    board.tell(new BacklogBoard.Want(SUBSCRIPTION, 10, 0, worker.getRef()));
    report(2);
    worker.receiveMessage();
    board.tell(new BacklogBoard.Stay(10, worker.getRef()));
    board.tell(new BacklogBoard.Link(link.getRef()));
    link.expectMessageClass(BoardNews.Changes.class);
    link.expectNoMessage(Duration.ZERO);
    pass(SubscriptionBoard.OWN_MILLIS);
    announced(2);
  }

  private void begin() {
    board.tell(new BacklogBoard.Link(link.getRef()));
    assertThat(link.expectMessageClass(BoardNews.Changes.class).isReset()).isTrue();
  }

  private void announced(long dispatchable) {
    assertThat(link.expectMessageClass(BoardNews.Urgent.class).rows())
        .singleElement()
        .satisfies(
            standing -> {
              assertThat(standing.isKept()).isFalse();
              assertThat(standing.row().dispatchable()).isEqualTo(dispatchable);
            });
  }

  private void look() {
    board.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, worker.getRef()));
    worker.receiveMessage();
  }

  private void report(int dispatchable) {
    reports.report(Boards.row(SUBSCRIPTION, 0, dispatchable, 4_000));
  }

  private void pass(long millis) {
    look();
    now.addAndGet(millis);
    ManualTime.get(KIT.system()).timePasses(Duration.ofMillis(millis));
  }
}
