package io.tidewheel;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The package table and the rules that hold the design in place. */
class ArchitectureTest {
  private static final String ROOT = "io.tidewheel";
  private static final String EVERYTHING = ROOT + "..";

  /** From low to high: a package may use those before it, never those behind it. */
  private static final List<String> LAYERS =
      List.of(
          "message",
          "dispatch",
          "config",
          "journal",
          "catalog",
          "queue",
          "subscription",
          "delay",
          "flow",
          "backlog",
          "feedback",
          "worker",
          "cluster",
          "monitor",
          "session",
          "http",
          "client",
          "cli");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /**
   * The wiring of a node, of a client, and the command line: the only places that know the
   * platform's clock and dice.
   */
  private static final DescribedPredicate<JavaClass> OUTERMOST =
      resideInAnyPackage(ROOT, ROOT + ".cli..")
          .or(
              describe(
                  "the wiring of a client",
                  type -> type.getName().equals(ROOT + ".client.TidewheelClient")));

  @ParameterizedTest
  @FieldSource("LAYERS")
  void layerSeesOnlyLowerOnes(String layer) {
    int position = LAYERS.indexOf(layer);
    String[] forbidden =
        Stream.concat(
                LAYERS.stream().skip(position + 1L).map(ArchitectureTest::tree),
                // The wiring sees the layers, not the other way round; the command line starts it.
                layer.equals("cli") ? Stream.empty() : Stream.of(ROOT))
            .toArray(String[]::new);
    if (forbidden.length > 0) {
      check(
          noClasses()
              .that()
              .resideInAPackage(tree(layer))
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(forbidden),
          tree(layer));
    }
  }

  @Test
  void everyPackageIsInTheTable() {
    Set<String> found =
        packages()
            .map(JavaPackage::getName)
            .filter(name -> !name.equals(ROOT))
            .map(name -> name.substring(ROOT.length() + 1).split("\\.", -1)[0])
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(LAYERS).containsAll(found);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices()
        .matching(ROOT + ".(*)..")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(LAYERS.stream().noneMatch(layer -> exists(tree(layer))))
        .check(CLASSES);
  }

  @Test
  void wiringDoesNotSeeTheCommandLine() {
    check(
        noClasses().that().resideInAPackage(ROOT).should().dependOnClassesThat(in(tree("cli"))),
        ROOT);
  }

  @Test
  void onlyWiringSeesHttp() {
    check(
        noClasses()
            .that(not(resideInAnyPackage(ROOT, tree("http"))))
            .should()
            .dependOnClassesThat(in(tree("http"))),
        EVERYTHING);
  }

  @Test
  void clientSeesOnlyMessagesAndFrames() {
    DescribedPredicate<JavaClass> allowed =
        resideInAnyPackage(tree("client"), tree("message"), tree("session.frame"))
            .or(resideInAnyPackage("java..", "javax..", "com.sun.management", "org.jspecify.."))
            .or(resideInAPackage("com.fasterxml.jackson.."));
    check(
        classes().that().resideInAPackage(tree("client")).should().onlyDependOnClassesThat(allowed),
        tree("client"));
  }

  @Test
  void messagesAndFramesKnowNoActors() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(tree("message"), tree("session.frame"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("akka..", "scala.."),
        tree("message"));
  }

  @Test
  void storesAreSeenByTheirJournalOnly() {
    onlyUsedIn("org.rocksdb..", tree("journal.embedded"));
    onlyUsedIn("com.datastax..", tree("journal.cassandra"));
  }

  @Test
  void akkaHttpStaysAtTheEdge() {
    onlyUsedIn("akka.http..", ROOT, tree("http"), tree("session"));
  }

  @Test
  void timeAndRandomnessComeFromOutside() {
    check(
        noClasses()
            .that(not(OUTERMOST))
            .should(use("clock or dice", ArchitectureTest::isPlatformClockOrDice)),
        EVERYTHING);
  }

  @Test
  void onlyTheCommandLineWritesToTheTerminal() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(tree("cli"))
            .should(use("standard streams", ArchitectureTest::isStandardStream)),
        EVERYTHING);
  }

  @Test
  void nothingIsSerializedByJava() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat(
                describe(
                    "take part in Java serialization",
                    type ->
                        type.isEquivalentTo(java.io.ObjectInputStream.class)
                            || type.isEquivalentTo(java.io.ObjectOutputStream.class)
                            || type.isEquivalentTo(java.io.Externalizable.class)
                            || type.getPackageName().equals("java.rmi"))),
        EVERYTHING);
  }

  /** A class name in the input would let the sender choose what is created. */
  @Test
  void jsonNeverNamesClasses() {
    check(noClasses().should(use("default typing", ArchitectureTest::isDefaultTyping)), EVERYTHING);
    check(
        noClasses()
            .should()
            .beAnnotatedWith(
                describe(
                    "@JsonTypeInfo by class name",
                    annotation ->
                        annotation.getRawType().isEquivalentTo(JsonTypeInfo.class)
                            && Set.of(JsonTypeInfo.Id.CLASS, JsonTypeInfo.Id.MINIMAL_CLASS)
                                .contains(annotation.as(JsonTypeInfo.class).use()))),
        EVERYTHING);
  }

  /** Akka's own deletion on snapshots would remove messages nobody has read yet. */
  @Test
  void akkaNeverDeletesEventsByItself() {
    check(
        noClasses().should(use("deletion on snapshots", ArchitectureTest::isDeletionOnSnapshot)),
        EVERYTHING);
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(
            packages().filter(p -> !p.isAnnotatedWith(NullMarked.class)).map(JavaPackage::getName))
        .as("packages without @NullMarked in package-info.java")
        .isEmpty();
  }

  @Test
  void namesSayWhatAThingIs() {
    Pattern hollow = Pattern.compile(".*(Manager|Helper|Utils?|Impl)");
    assertThat(CLASSES.stream().filter(c -> hollow.matcher(c.getSimpleName()).matches()))
        .as("classes with a name that says nothing")
        .isEmpty();
    assertThat(
            packages()
                .filter(p -> p.getName().matches(".*\\.(utils?|common|impl|managers?|helpers?)")))
        .as("packages with a name that says nothing")
        .isEmpty();
  }

  private static boolean isPlatformClockOrDice(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    String name = access.getName();
    boolean noArguments = access.getTarget().getFullName().endsWith("()");
    return switch (owner) {
      case "java.lang.System" -> name.equals("currentTimeMillis");
      case "java.lang.Math" -> name.equals("random");
      case "java.util.UUID" -> name.equals("randomUUID");
      case "java.util.Random", "java.util.SplittableRandom" -> name.equals("<init>") && noArguments;
      case "java.security.SecureRandom" -> name.equals("<init>") || name.startsWith("getInstance");
      case "java.util.concurrent.ThreadLocalRandom" -> name.equals("current");
      case "java.util.random.RandomGenerator" -> name.equals("getDefault") || name.equals("of");
      case "java.util.Date" -> name.equals("<init>") && noArguments;
      case "java.time.Clock" -> name.startsWith("system") || name.startsWith("tick");
      case "java.time.InstantSource" -> name.equals("system");
      default -> owner.startsWith("java.time.") && name.equals("now") && noArguments;
    };
  }

  private static boolean isStandardStream(JavaAccess<?> access) {
    return (access.getTargetOwner().getName().equals("java.lang.System")
            && Set.of("out", "err", "in").contains(access.getName()))
        || access.getTarget().getFullName().endsWith(".printStackTrace()");
  }

  private static boolean isDefaultTyping(JavaAccess<?> access) {
    return access.getName().matches("(activate|enable|set)DefaultTyping.*");
  }

  private static boolean isDeletionOnSnapshot(JavaAccess<?> access) {
    return access.getName().equals("withDeleteEventsOnSnapshot");
  }

  private static ArchCondition<JavaClass> use(String what, Predicate<JavaAccess<?>> used) {
    return new ArchCondition<>("use " + what) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        type.getAccessesFromSelf().stream()
            .filter(used)
            .forEach(a -> events.add(SimpleConditionEvent.satisfied(type, a.getDescription())));
      }
    };
  }

  private static void onlyUsedIn(String used, String... users) {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(users)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(used),
        EVERYTHING);
  }

  /** A rule may find nothing to look at only while a package that it is about does not exist. */
  private static void check(ArchRule rule, String about) {
    boolean exists =
        about.equals(EVERYTHING)
            ? LAYERS.stream().allMatch(layer -> exists(tree(layer)))
            : exists(about);
    rule.allowEmptyShould(!exists).check(CLASSES);
  }

  private static boolean exists(String packages) {
    return CLASSES.stream().anyMatch(resideInAPackage(packages));
  }

  private static Stream<JavaPackage> packages() {
    return CLASSES.stream().map(JavaClass::getPackage).distinct();
  }

  private static DescribedPredicate<JavaClass> in(String packages) {
    return resideInAPackage(packages);
  }

  private static String tree(String name) {
    return ROOT + "." + name + "..";
  }
}
