package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.feedback.Allowances;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** A monitor that says the rates a test gives it; nothing is bounded. */
final class StagedMonitor implements Monitor {
  private final Map<Place, Rates> rates = new ConcurrentHashMap<>();

  /** To be changed by the test. */
  Map<Place, Rates> rates() {
    return rates;
  }

  @Override
  public Rates rates(Place place) {
    return rates.getOrDefault(place, Rates.NONE);
  }

  @Override
  public CompletionStage<Survey> survey() {
    return CompletableFuture.completedFuture(Survey.NOTHING);
  }

  @Override
  public CompletionStage<History> history(long topicUid) {
    return new CompletableFuture<>();
  }

  @Override
  public CompletionStage<History> history() {
    return new CompletableFuture<>();
  }

  @Override
  public CompletionStage<Allowances> allowances() {
    return CompletableFuture.completedFuture(Allowances.NOTHING);
  }

  @Override
  public CompletionStage<AllowanceHistory> allowanceHistory() {
    return new CompletableFuture<>();
  }
}
