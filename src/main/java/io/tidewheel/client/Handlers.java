package io.tidewheel.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Which handler takes which delivery: the first whose header has its value, else the one for all.
 */
final class Handlers {
  private final List<Choice> choices = new ArrayList<>();
  private @Nullable AsyncHandler forAll;

  private record Choice(String header, String value, AsyncHandler handler) {}

  void forAll(AsyncHandler handler) {
    if (forAll != null) {
      throw new IllegalStateException("there is a handler for all deliveries already");
    }
    forAll = handler;
  }

  void on(String header, String value, AsyncHandler handler) {
    choices.add(new Choice(header, value, handler));
  }

  boolean isEmpty() {
    return choices.isEmpty() && forAll == null;
  }

  static AsyncHandler async(Handler handler) {
    return delivery -> CompletableFuture.completedFuture(handler.handle(delivery));
  }

  CompletionStage<Outcome> handle(Delivery delivery) throws Exception {
    for (Choice choice : choices) {
      if (choice.value.equals(delivery.header(choice.header))) {
        return choice.handler.handle(delivery);
      }
    }
    AsyncHandler handler = forAll;
    return handler == null
        ? CompletableFuture.completedFuture(
            Outcome.retry("no handler of this worker takes messages with such headers"))
        : handler.handle(delivery);
  }
}
