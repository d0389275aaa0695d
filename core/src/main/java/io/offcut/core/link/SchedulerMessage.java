package io.offcut.core.link;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import java.util.List;

/** From the scheduler to a node. Each may arrive twice; acting on it twice changes nothing. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = SchedulerMessage.Welcome.class, name = "welcome"),
    @JsonSubTypes.Type(value = SchedulerMessage.SendSnapshot.class, name = "sendSnapshot"),
    @JsonSubTypes.Type(value = SchedulerMessage.OpenLease.class, name = "openLease"),
    @JsonSubTypes.Type(value = SchedulerMessage.EndLease.class, name = "endLease"),
    @JsonSubTypes.Type(value = SchedulerMessage.ExtendLease.class, name = "extendLease"),
})
public sealed interface SchedulerMessage {
    /**
     * First message on every link.
     *
     * @param publicKeys keys that lease tokens may be signed with: X.509 encoding, base64
     * @param heartbeatMillis how often the node must be heard
     */
    record Welcome(List<String> publicKeys, long heartbeatMillis) implements SchedulerMessage {
        public Welcome {
            publicKeys = List.copyOf(publicKeys);
        }
    }

    /** A message is missing: send a snapshot. */
    record SendSnapshot() implements SchedulerMessage {}

    /**
     * This lease was granted and its client is on the way: the executor can be made ready
     * meanwhile.
     *
     * @param clientWaits the client is on the node's host and waits for an answer, which is sent
     *     when the node says {@link NodeMessage.LeaseServed}: the lease is opened by this.
     *     Otherwise the client opens it with its token
     */
    record OpenLease(LeaseTerms terms, boolean clientWaits) implements SchedulerMessage {}

    /** End this lease now and report it ended, also when it was never opened. */
    record EndLease(String leaseId, EndReason reason) implements SchedulerMessage {}

    /** The lease was renewed. */
    record ExtendLease(String leaseId, long expiresAtEpochMillis) implements SchedulerMessage {}
}
