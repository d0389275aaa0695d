package io.offcut.core.lease;

import io.offcut.core.CpuSet;

/**
 * What one client may use of one node. One worker runs on each core; a lease without cores is one
 * of memory only, which the client reads and writes from afar.
 *
 * @param leaseId unique for ever
 * @param requestId the request that this lease serves
 * @param user who pays for it
 * @param nodeName the node that must honour it
 * @param offerId the offer it was cut from
 * @param bundle SHA-256 of the function bundle, 64 lower-case hexadecimal digits; empty for memory
 *     only
 * @param cores logical CPUs of the node, one worker each; none for memory only
 * @param memoryBytes ceiling for the whole executor, or the memory that the client has, in bytes
 * @param payloadBytes largest input and largest result of one invocation, in bytes
 * @param hotTimeoutMicros how long an idle worker polls before it sleeps; −1 for ever, 0 never
 * @param expiresAtEpochMillis end, unless renewed
 */
public record LeaseTerms(
        String leaseId,
        String requestId,
        String user,
        String nodeName,
        String offerId,
        String bundle,
        CpuSet cores,
        long memoryBytes,
        int payloadBytes,
        long hotTimeoutMicros,
        long expiresAtEpochMillis) {
    public LeaseTerms {
        if (leaseId.isBlank()
                || nodeName.isBlank()
                || memoryBytes < 0
                || (cores.isEmpty() && memoryBytes == 0)
                || payloadBytes < 0) {
            throw new IllegalArgumentException(
                    "lease '"
                            + leaseId
                            + "' on '"
                            + nodeName
                            + "' of cores '"
                            + cores
                            + "', "
                            + memoryBytes
                            + " bytes, payload "
                            + payloadBytes
                            + " bytes");
        }
    }

    /** Whether it is one of memory only. */
    public boolean memoryOnly() {
        return cores.isEmpty();
    }

    /** The same terms with another end. */
    public LeaseTerms withExpiry(long newExpiresAtEpochMillis) {
        return new LeaseTerms(
                leaseId,
                requestId,
                user,
                nodeName,
                offerId,
                bundle,
                cores,
                memoryBytes,
                payloadBytes,
                hotTimeoutMicros,
                newExpiresAtEpochMillis);
    }
}
