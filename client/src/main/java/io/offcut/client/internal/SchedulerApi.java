package io.offcut.client.internal;

import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.UsageView;
import java.nio.file.Path;
import java.util.List;

/**
 * What a client asks of the scheduler. Calls block; each throws {@link OffcutException} when the
 * scheduler cannot be reached or refuses.
 */
public interface SchedulerApi {
    FunctionView push(Path archive);

    List<FunctionView> functions();

    void removeFunction(String reference);

    RequestView submit(LeaseRequest request);

    /**
     * Waits at most so long for a version beyond the given one, then answers with what there is.
     */
    RequestView await(String requestId, long version, long waitMillis);

    RequestView renew(String requestId);

    void release(String requestId);

    void release(String requestId, String leaseId);

    List<RequestView> requests();

    List<NodeView> nodes();

    List<UsageView> usage();
}
