package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import org.junit.jupiter.api.Test;

/** Nodes and schedulers of different ages understand each other's offers. */
class OfferJsonTest {
    private static final String WITHOUT_GPUS =
            "{\"offerId\":\"o\",\"cores\":\"0-1\",\"memoryBytes\":5,\"reason\":\"UNDERUSED\","
                    + "\"untilEpochMillis\":9}";

    private final ObjectMapper mapper = new ObjectMapper();

    @Test
    void anOfferWithoutGpusSaysNothingOfThem() throws Exception {
        Offer offer = new Offer("o", CpuSet.of(0, 1), 5, Offer.Reason.UNDERUSED, 9);
        assertThat(mapper.writeValueAsString(offer)).isEqualTo(WITHOUT_GPUS);
        assertThat(mapper.readValue(WITHOUT_GPUS, Offer.class)).isEqualTo(offer);
    }

    @Test
    void gpusAreWrittenAsAList() throws Exception {
        Offer offer = new Offer("o", CpuSet.of(0), 5, Offer.Reason.UNALLOCATED, 9, CpuSet.of(0, 2));
        String text = mapper.writeValueAsString(offer);
        assertThat(text).contains("\"gpus\":\"0,2\"");
        assertThat(mapper.readValue(text, Offer.class)).isEqualTo(offer);
    }
}
