package io.tidewheel.journal;

import akka.actor.AbstractExtensionId;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.function.Function;

/**
 * What each actor system has one of, made when it is first asked for: Akka's handle of an
 * extension. To be kept in a static field, as each handle finds what was made through it.
 */
public final class PerSystem<T extends Extension> extends AbstractExtensionId<T> {
  private final Function<ExtendedActorSystem, T> make;

  /** Nothing is made yet. */
  public PerSystem(Function<ExtendedActorSystem, T> make) {
    this.make = make;
  }

  @Override
  public T createExtension(ExtendedActorSystem system) {
    return make.apply(system);
  }
}
