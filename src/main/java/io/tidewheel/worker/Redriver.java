package io.tidewheel.worker;

import io.tidewheel.catalog.Topic;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Gives dead letters back to the subscription they died for. Safe for any thread. */
public interface Redriver {
  /**
   * Begins a redrive over the dead letters that are left now. Those that come while it runs are for
   * the next one.
   *
   * <p>A dead letter is settled only after its message is stored for the subscription: reopened in
   * its place if it holds its key, else as a copy behind the newest message. So none is lost; when
   * the node dies between the two, what was in hand (at most 100) may be redriven twice. A copy is
   * recognised as long as the topic remembers ids.
   *
   * @param name of this redrive, for whoever asks for a second one
   * @param progress is told again and again, on any thread; must not block
   * @return fails with a {@link RedriveRefusedException} if it did not begin
   */
  CompletionStage<Redrive> start(
      Topic topic,
      Topic.Subscription subscription,
      RedriveRequest request,
      String name,
      Duration timeLeft,
      Consumer<RedriveProgress> progress);
}
