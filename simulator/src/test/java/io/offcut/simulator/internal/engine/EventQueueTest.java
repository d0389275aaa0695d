package io.offcut.simulator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private record Event(long timeMillis, int kind, long payload) {}

    @Test
    void ordersByTimeThenKindThenArrival() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            EventQueue queue = new EventQueue();
            List<Event> events = new ArrayList<>();
            for (int n = 0; n < 2_000; n++) {
                Event event = new Event(random.nextInt(50), random.nextInt(4), n);
                events.add(event);
                queue.add(event.timeMillis(), event.kind(), event.payload());
            }
            events.sort(
                    Comparator.comparingLong(Event::timeMillis)
                            .thenComparingInt(Event::kind)
                            .thenComparingLong(Event::payload));
            List<Event> taken = new ArrayList<>();
            while (!queue.isEmpty()) {
                taken.add(new Event(queue.nextMillis(), queue.nextKind(), queue.take()));
            }
            assertThat(taken).as("seed %d", seed).isEqualTo(events);
        }
    }

    @Test
    void anEmptyQueueHasNoNextTime() {
        assertThat(new EventQueue().nextMillis()).isEqualTo(Long.MAX_VALUE);
    }
}
