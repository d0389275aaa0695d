package io.offcut.node.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.node.internal.lease.HeldLease.Phase;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LeaseBookTest {
    private static final long GIB = 1L << 30;

    private final LeaseBook book = new LeaseBook("n1", 3);
    private long now = 1_000_000;

    private static Offer offer(String id, String cores, long gib) {
        return new Offer(
                id, CpuSet.parse(cores), gib * GIB, Offer.Reason.UNALLOCATED, Offer.UNKNOWN_UNTIL);
    }

    private LeaseTerms terms(String id, String cores, long gib) {
        return new LeaseTerms(
                id,
                "r",
                "ann",
                "n1",
                "o1",
                "a".repeat(64),
                CpuSet.parse(cores),
                gib * GIB,
                1024,
                0,
                now + 60_000);
    }

    private List<LeaseAction> apply(LeaseEvent event) {
        return book.apply(event, now);
    }

    private LeaseAction.Answer open(LeaseTerms terms) {
        return (LeaseAction.Answer) apply(new LeaseEvent.Open(terms)).getLast();
    }

    private void offers(Offer... offers) {
        apply(new LeaseEvent.OffersChanged(List.of(offers), EndReason.RECLAIMED));
    }

    private static <T> List<T> only(List<LeaseAction> actions, Class<T> kind) {
        return actions.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private void assertRefused(LeaseAction.Answer answer, ErrorCode code, String words) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        LeaseAction.Refuse.class,
                        refused -> {
                            assertThat(refused.code()).isEqualTo(code);
                            assertThat(refused.message()).contains(words).doesNotContain("\n");
                        });
    }

    @Test
    void startsOneExecutorHoweverOftenTheLeaseIsOpened() {
        offers(offer("o1", "0-3", 8));
        List<LeaseAction> first = apply(new LeaseEvent.Open(terms("a", "1,2", 2)));
        assertThat(only(first, LeaseAction.Start.class))
                .containsExactly(new LeaseAction.Start(terms("a", "1,2", 2), 1));
        assertThat(only(first, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> assertThat(r.report().state()).isEqualTo(LeaseState.ACTIVE));
        assertThat(open(terms("a", "1,2", 2))).isEqualTo(new LeaseAction.Serve("a", 1));
        apply(new LeaseEvent.ExecutorReady("a", 1));
        List<LeaseAction> again = apply(new LeaseEvent.Open(terms("a", "1,2", 2)));
        assertThat(again).containsExactly(new LeaseAction.Serve("a", 1));
    }

    @Test
    void aGrantedLeaseStartsAndIsReportedWhenItIsOpened() {
        offers(offer("o1", "0-3", 8));
        List<LeaseAction> granted = apply(new LeaseEvent.Grant(terms("a", "1,2", 2)));
        assertThat(only(granted, LeaseAction.Start.class))
                .containsExactly(new LeaseAction.Start(terms("a", "1,2", 2), 1));
        apply(new LeaseEvent.ExecutorReady("a", 1));
        List<LeaseAction> used = apply(new LeaseEvent.Used("a", 1, new LeaseUsage(0, 1_000, 0)));
        assertThat(only(granted, LeaseAction.Report.class)).isEmpty();
        assertThat(only(used, LeaseAction.Report.class)).isEmpty();
        assertThat(book.reports(now)).isEmpty();
        assertThat(apply(new LeaseEvent.Grant(terms("a", "1,2", 2)))).isEmpty();

        List<LeaseAction> opened = apply(new LeaseEvent.Open(terms("a", "1,2", 2)));
        assertThat(only(opened, LeaseAction.Start.class)).isEmpty();
        assertThat(only(opened, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> assertThat(r.report().state()).isEqualTo(LeaseState.ACTIVE));
        assertThat(opened.getLast()).isEqualTo(new LeaseAction.Serve("a", 1));
        assertThat(book.reports(now)).hasSize(1);
    }

    private LeaseTerms memory(String id, long gib) {
        return new LeaseTerms(
                id, "r", "ann", "n1", "o1", "", CpuSet.empty(), gib * GIB, 0, 0, now + 60_000);
    }

    @Test
    void memoryOnlyGoesBeforeWorkersAndIsNotFrozen() {
        offers(offer("o1", "0-3", 8));
        open(memory("m", 4));
        open(terms("w", "1", 4));

        List<LeaseAction> actions =
                apply(
                        new LeaseEvent.OffersChanged(
                                List.of(offer("o1", "0-3", 6)), EndReason.RECLAIMED));

        assertThat(only(actions, LeaseAction.Freeze.class)).isEmpty();
        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("m", EndReason.RECLAIMED));
        assertThat(only(actions, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> assertThat(r.report().state()).isEqualTo(LeaseState.REVOKING));
        // Until it is gone its memory is not free for others.
        assertThat(book.unleasedBytes()).isZero();
        assertThat(open(terms("x", "2", 1))).isInstanceOf(LeaseAction.Later.class);
        apply(new LeaseEvent.Evicted("m"));
        assertThat(open(terms("x", "2", 1))).isInstanceOf(LeaseAction.Serve.class);
    }

    @Test
    void memoryNeedsNoCoreThatIsOffered() {
        offers(offer("o1", "", 2));
        assertThat(open(memory("m", 2))).isEqualTo(new LeaseAction.Serve("m", 1));
        assertRefused(open(memory("more", 1)), ErrorCode.CONFLICT, "memory");
    }

    @Test
    void memoryEndsWithItsHolder() {
        offers(offer("o1", "0-3", 8));
        open(memory("m", 4));
        apply(new LeaseEvent.ExecutorReady("m", 1));

        List<LeaseAction> actions = apply(new LeaseEvent.ExecutorDied("m", 1));

        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("m", EndReason.EXECUTOR_FAILED));
        assertRefused(open(memory("m", 4)), ErrorCode.CONFLICT, "ended");
        apply(new LeaseEvent.Evicted("m"));
        assertThat(book.unleasedBytes()).isEqualTo(8 * GIB);
    }

    @Test
    void aRestartedDaemonDoesNotMakeLostMemoryAnew() {
        offers(offer("o1", "0-3", 8));
        open(memory("m", 4));
        HeldLease lost = java.util.Objects.requireNonNull(book.held("m")).lost();
        assertThat(lost.phase()).isEqualTo(Phase.ENDING);
        assertThat(lost.ending()).isEqualTo(EndReason.EXECUTOR_FAILED);
    }

    @Test
    void refusesAnotherNodesLease() {
        LeaseBook other = new LeaseBook("n2", 3);
        assertRefused(
                (LeaseAction.Answer)
                        other.apply(new LeaseEvent.Open(terms("a", "1", 1)), now).getLast(),
                ErrorCode.FORBIDDEN,
                "node n1");
    }

    @Test
    void refusesAnExpiredLeaseWithoutRememberingIt() {
        offers(offer("o1", "0-3", 8));
        LeaseTerms terms = terms("a", "1", 1).withExpiry(now);
        assertRefused(open(terms), ErrorCode.CONFLICT, "expired");
        assertThat(book.endedLeases()).isEmpty();
    }

    @Test
    void refusesCoresThatAreNotOfferedAndTellsTheScheduler() {
        offers(offer("o1", "0-1", 8), offer("o2", "2-3", 8));
        List<LeaseAction> actions = apply(new LeaseEvent.Open(terms("a", "1,2", 1)));
        assertRefused(
                (LeaseAction.Answer) actions.getLast(), ErrorCode.CONFLICT, "no longer offered");
        assertThat(only(actions, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> assertThat(r.report().endReason()).isEqualTo(EndReason.REFUSED));
        offers(offer("o1", "0-2", 8));
        assertRefused(open(terms("a", "1,2", 1)), ErrorCode.CONFLICT, "REFUSED");
    }

    @Test
    void refusesCoresThatAnotherLeaseHolds() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0,1", 1));
        assertRefused(open(terms("b", "1", 1)), ErrorCode.CONFLICT, "held");
        assertThat(open(terms("c", "2", 1))).isEqualTo(new LeaseAction.Serve("c", 1));
    }

    @Test
    void refusesMemoryOverTheOffer() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 6));
        assertRefused(open(terms("b", "1", 3)), ErrorCode.CONFLICT, "memory");
        assertThat(open(terms("c", "1", 2))).isInstanceOf(LeaseAction.Serve.class);
    }

    @Test
    void asksToWaitWhileTheCoresAreBeingFreed() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        apply(new LeaseEvent.End("a", EndReason.RELEASED));
        assertThat(open(terms("b", "0", 1))).isInstanceOf(LeaseAction.Later.class);
        apply(new LeaseEvent.Evicted("a"));
        assertThat(open(terms("b", "0", 1))).isEqualTo(new LeaseAction.Serve("b", 1));
    }

    @Test
    void endsAnExpiredLeaseThatStandsInTheWay() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        now += 60_000;
        List<LeaseAction> actions = apply(new LeaseEvent.Open(terms("b", "0", 1)));
        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("a", EndReason.EXPIRED));
        assertThat(actions.getLast()).isInstanceOf(LeaseAction.Later.class);
    }

    @Test
    void neverOpensALeaseAgainThatEnded() {
        offers(offer("o1", "0-3", 8));
        LeaseTerms terms = terms("a", "0", 1);
        open(terms);
        apply(new LeaseEvent.End("a", EndReason.RELEASED));
        apply(new LeaseEvent.Evicted("a"));
        assertRefused(open(terms), ErrorCode.CONFLICT, "RELEASED");
        assertThat(book.held()).isEmpty();
    }

    @Test
    void neverOpensALeaseThatWasEndedBeforeItWasOpened() {
        offers(offer("o1", "0-3", 8));
        List<LeaseAction> actions = apply(new LeaseEvent.End("a", EndReason.REVOKED));
        assertThat(only(actions, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> {
                    assertThat(r.report().terms().leaseId()).isEqualTo("a");
                    assertThat(r.report().endReason()).isEqualTo(EndReason.REVOKED);
                });
        assertRefused(open(terms("a", "0", 1)), ErrorCode.CONFLICT, "REVOKED");
    }

    @Test
    void endingTwiceReportsTwiceAndChangesNothing() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        assertThat(apply(new LeaseEvent.End("a", EndReason.RELEASED)))
                .contains(new LeaseAction.Evict("a", EndReason.RELEASED))
                .doesNotContain(new LeaseAction.Freeze("a"));
        assertThat(apply(new LeaseEvent.End("a", EndReason.REVOKED))).isEmpty();
        apply(new LeaseEvent.Evicted("a"));
        assertThat(
                        only(
                                apply(new LeaseEvent.End("a", EndReason.REVOKED)),
                                LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> assertThat(r.report().endReason()).isEqualTo(EndReason.RELEASED));
    }

    @Test
    void reclaimsWhatNoLongerFitsTheOffer() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        open(terms("b", "1,2", 1));
        List<LeaseAction> actions =
                apply(
                        new LeaseEvent.OffersChanged(
                                List.of(offer("o1", "0-1", 8)), EndReason.RECLAIMED));
        assertThat(actions.getFirst()).isEqualTo(new LeaseAction.Freeze("b"));
        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("b", EndReason.RECLAIMED));
        assertThat(only(actions, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> {
                    assertThat(r.report().terms().leaseId()).isEqualTo("b");
                    assertThat(r.report().state()).isEqualTo(LeaseState.REVOKING);
                });
    }

    @Test
    void tellsWhatMemoryOfTheOffersNoLeaseHas() {
        assertThat(book.unleasedBytes()).isZero();
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 5));
        assertThat(book.unleasedBytes()).isEqualTo(3 * GIB);
        apply(new LeaseEvent.End("a", EndReason.RELEASED));
        assertThat(book.unleasedBytes()).isEqualTo(3 * GIB);
        apply(new LeaseEvent.Evicted("a"));
        assertThat(book.unleasedBytes()).isEqualTo(8 * GIB);
        open(terms("b", "0", 7));
        offers(offer("o1", "0-3", 7));
        assertThat(book.unleasedBytes()).isZero();
        offers();
        assertThat(book.unleasedBytes()).isZero();
    }

    @Test
    void reclaimsTheNewestLeasesWhenMemoryShrinks() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 3));
        open(terms("b", "1", 3));
        open(terms("c", "2", 1));
        List<LeaseAction> actions =
                apply(
                        new LeaseEvent.OffersChanged(
                                List.of(offer("o1", "0-3", 4)), EndReason.RECLAIMED));
        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("b", EndReason.RECLAIMED));
    }

    @Test
    void startsTheNextGenerationAfterADeathAndKeepsWhatWasUsed() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        apply(new LeaseEvent.ExecutorReady("a", 1));
        apply(new LeaseEvent.Used("a", 1, new LeaseUsage(10, 500, 0)));
        apply(new LeaseEvent.ExecutorDied("a", 1));
        assertThat(open(terms("a", "0", 1))).isEqualTo(new LeaseAction.Serve("a", 2));
        apply(new LeaseEvent.Used("a", 1, new LeaseUsage(99, 99, 0)));
        List<LeaseAction> actions = apply(new LeaseEvent.Used("a", 2, new LeaseUsage(5, 100, 0)));
        assertThat(only(actions, LeaseAction.Report.class))
                .singleElement()
                .satisfies(r -> {
                    assertThat(r.report().usage().invocations()).isEqualTo(15);
                    assertThat(r.report().usage().cpuMicros()).isEqualTo(600);
                });
    }

    @Test
    void ignoresTheDeathOfAnEarlierGeneration() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        apply(new LeaseEvent.ExecutorDied("a", 1));
        open(terms("a", "0", 1));
        assertThat(apply(new LeaseEvent.ExecutorDied("a", 1))).isEmpty();
        assertThat(book.held("a")).isNotNull();
        assertThat(book.held().getFirst().phase()).isEqualTo(Phase.STARTING);
    }

    @Test
    void endsALeaseWhoseExecutorFailsTooOften() {
        offers(offer("o1", "0-3", 8));
        for (int generation = 1; generation <= 3; generation++) {
            assertThat(open(terms("a", "0", 1))).isEqualTo(new LeaseAction.Serve("a", generation));
            apply(new LeaseEvent.ExecutorDied("a", generation));
        }
        List<LeaseAction> actions = apply(new LeaseEvent.Open(terms("a", "0", 1)));
        assertRefused((LeaseAction.Answer) actions.getLast(), ErrorCode.CONFLICT, "failed 3 times");
        assertThat(only(actions, LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("a", EndReason.EXECUTOR_FAILED));
    }

    @Test
    void forgivesFailuresOlderThanAMinute() {
        offers(offer("o1", "0-3", 8));
        LeaseTerms terms = terms("a", "0", 1).withExpiry(now + 1_000_000);
        for (int generation = 1; generation <= 6; generation++) {
            assertThat(open(terms)).isEqualTo(new LeaseAction.Serve("a", generation));
            apply(new LeaseEvent.ExecutorDied("a", generation));
            now += 30_000;
        }
    }

    @Test
    void expiresUnlessExtended() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        open(terms("b", "1", 1));
        apply(new LeaseEvent.Extend("a", now + 120_000));
        apply(new LeaseEvent.Extend("a", now + 1));
        now += 60_000;
        assertThat(only(apply(new LeaseEvent.Tick()), LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("b", EndReason.EXPIRED));
        now += 60_000;
        assertThat(only(apply(new LeaseEvent.Tick()), LeaseAction.Evict.class))
                .containsExactly(new LeaseAction.Evict("a", EndReason.EXPIRED));
    }

    @Test
    void aNewerTokenOfTheSameLeaseExtendsIt() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        open(terms("a", "0", 1).withExpiry(now + 200_000));
        now += 100_000;
        assertThat(only(apply(new LeaseEvent.Tick()), LeaseAction.Evict.class)).isEmpty();
    }

    @Test
    void forgetsEndedLeasesWhenNoTokenCanBeValid() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        apply(new LeaseEvent.End("a", EndReason.RELEASED));
        apply(new LeaseEvent.Evicted("a"));
        assertThat(book.reports(now)).hasSize(1);
        now += 120_000;
        assertThat(book.reports(now)).isEmpty();
        assertThat(book.endedLeases()).hasSize(1);
        now += 4_000_000;
        apply(new LeaseEvent.Tick());
        assertThat(book.endedLeases()).isEmpty();
    }

    @Test
    void restoresWhatAnEarlierDaemonHeld() {
        offers(offer("o1", "0-3", 8));
        open(terms("a", "0", 1));
        apply(new LeaseEvent.ExecutorReady("a", 1));
        apply(new LeaseEvent.End("z", EndReason.REVOKED));
        LeaseBook next = new LeaseBook("n1", 3);
        next.restore(book.offers(), book.held(), book.endedLeases());
        assertThat(next.held()).isEqualTo(book.held());
        assertThat(next.reports(now)).isEqualTo(book.reports(now));
        assertThat(next.apply(new LeaseEvent.Open(terms("b", "0", 1)), now).getLast())
                .isInstanceOf(LeaseAction.Refuse.class);
    }

    @Test
    void keepsItsInvariantsInRandomHistories() {
        for (long seed = 0; seed < 300; seed++) {
            try {
                randomHistory(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private void randomHistory(Random random) {
        LeaseBook history = new LeaseBook("n1", 3);
        Set<String> over = new HashSet<>();
        Set<String> evicting = new HashSet<>();
        for (int step = 0; step < 400; step++) {
            String id = "l" + random.nextInt(40);
            int cores = 1 + random.nextInt(3);
            int first = random.nextInt(8);
            LeaseEvent event =
                    switch (random.nextInt(9)) {
                        case 0, 1, 2 ->
                                new LeaseEvent.Open(
                                        terms(
                                                id,
                                                first + "-" + (first + cores),
                                                random.nextInt(4)));
                        case 3 -> new LeaseEvent.ExecutorReady(id, 1 + random.nextInt(2));
                        case 4 -> new LeaseEvent.ExecutorDied(id, 1 + random.nextInt(2));
                        case 5 -> new LeaseEvent.End(id, EndReason.RELEASED);
                        case 6 ->
                                evicting.isEmpty()
                                        ? new LeaseEvent.Tick()
                                        : new LeaseEvent.Evicted(evicting.iterator().next());
                        case 7 ->
                                new LeaseEvent.OffersChanged(
                                        List.of(
                                                offer(
                                                        "o1",
                                                        "0-" + random.nextInt(12),
                                                        random.nextInt(12))),
                                        EndReason.RECLAIMED);
                        default -> new LeaseEvent.Tick();
                    };
            now += random.nextInt(3000);
            List<LeaseAction> actions = history.apply(event, now);
            if (event instanceof LeaseEvent.Open) {
                assertThat(only(actions, LeaseAction.Answer.class)).hasSize(1);
                assertThat(actions.getLast()).isInstanceOf(LeaseAction.Answer.class);
            }
            only(actions, LeaseAction.Start.class)
                    .forEach(s -> assertThat(over).doesNotContain(s.terms().leaseId()));
            only(actions, LeaseAction.Evict.class).forEach(e -> evicting.add(e.leaseId()));
            only(actions, LeaseAction.Report.class).stream()
                    .filter(r -> r.report().state() == LeaseState.ENDED)
                    .forEach(r -> over.add(r.report().terms().leaseId()));
            if (event instanceof LeaseEvent.Evicted gone) {
                evicting.remove(gone.leaseId());
            }
            assertConsistent(history, evicting);
        }
    }

    private static void assertConsistent(LeaseBook history, Set<String> evicting) {
        CpuSet taken = CpuSet.empty();
        long bytes = 0;
        List<String> ending = new ArrayList<>();
        for (HeldLease lease : history.held()) {
            assertThat(taken.intersects(lease.terms().cores())).isFalse();
            taken = taken.plus(lease.terms().cores());
            if (lease.phase() == Phase.ENDING) {
                ending.add(lease.leaseId());
                continue;
            }
            bytes += lease.terms().memoryBytes();
            assertThat(history.offers().getFirst().cores().containsAll(lease.terms().cores()))
                    .isTrue();
        }
        assertThat(evicting).containsExactlyInAnyOrderElementsOf(ending);
        if (!history.offers().isEmpty()) {
            assertThat(bytes).isLessThanOrEqualTo(history.offers().getFirst().memoryBytes());
        }
    }
}
