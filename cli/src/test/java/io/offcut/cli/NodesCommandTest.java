package io.offcut.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.cli.output.Terminal;
import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.IdleEnd.Why;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodesCommandTest {
    private static final long NOW = 1_000_000;

    private static String row(IdleEnd... ends) {
        NodeDescriptor node =
                new NodeDescriptor(
                        "n7", "http://n:1", "h", CpuSet.of(0), 1, List.of(), List.of(), Map.of());
        Map<String, IdleEnd> byOffer = new HashMap<>();
        for (IdleEnd end : ends) {
            byOffer.put("o" + byOffer.size(), end);
        }
        Offer offer = new Offer("o0", CpuSet.of(0), 1, Offer.Reason.UNALLOCATED, NOW);
        NodeView view =
                new NodeView(node, NodeView.State.UP, null, 0, List.of(offer), byOffer, 0, 0);
        return NodesCommand.table(List.of(view), NOW).render(Terminal.NONE).lines().toList().get(1);
    }

    @ParameterizedTest
    @CsvSource({
        "PLAN, 4711, 750, 12m 30s (job 4711)",
        "PLAN, 4711, -3, now (job 4711)",
        "RESERVATION, maint, 180000, 2 d (maint)",
        "RESERVATION, maint, 7200, 2h 00m (maint)",
        "HISTORY, '', 250, ~4m 10s (history)",
        "HISTORY, '', 31, ~31 s (history)",
        "NODE, '', 3600, 1h 00m",
    })
    void saysUntilWhenAndWhy(Why why, String name, long seconds, String expected) {
        assertThat(row(new IdleEnd(NOW + seconds * 1_000, why, name))).endsWith("  " + expected);
    }

    @Test
    void showsTheFirstEndOfSeveralOffers() {
        assertThat(
                        row(
                                new IdleEnd(NOW + 600_000, Why.NODE, ""),
                                new IdleEnd(NOW + 300_000, Why.PLAN, "9")))
                .endsWith("5m 00s (job 9)");
    }

    @Test
    void saysNothingWhereNobodyKnows() {
        assertThat(row()).endsWith("  -");
    }

    @Test
    void aLongNameStaysWhole() {
        String name = "a-reservation-with-a-very-long-name-".repeat(4);
        IdleEnd end = new IdleEnd(NOW + 300_000, Why.RESERVATION, name);
        NodeDescriptor node =
                new NodeDescriptor(
                        "n7", "http://n:1", "h", CpuSet.of(0), 1, List.of(), List.of(), Map.of());
        NodeView view =
                new NodeView(node, NodeView.State.UP, null, 0, List.of(), Map.of("o", end), 0, 0);

        assertThat(NodesCommand.table(List.of(view), NOW).render(Terminal.NONE))
                .contains("5m 00s (" + name + ")");
    }
}
