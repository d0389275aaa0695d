package io.offcut.scheduler.internal;

import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.internal.link.NodeLinks;
import io.offcut.scheduler.internal.state.Accounting;
import java.util.List;

/** Carries the core's commands out. On the core's thread, so nothing here blocks. */
public record CommandRunner(
        NodeLinks links, LeaseDesk leases, Tokens tokens, Accounting accounting, Metrics metrics)
        implements BrainLoop.CommandSink {
    @Override
    public void accept(BrainCommand command, Brain brain) {
        metrics.count(command);
        switch (command) {
            case BrainCommand.ToNode toNode -> links.send(toNode.nodeName(), toNode.message());
            case BrainCommand.Granted granted -> {
                LeaseTerms terms = granted.terms();
                tokens.put(terms);
                links.send(
                        terms.nodeName(),
                        new SchedulerMessage.OpenLease(terms, leases.granted(granted)));
            }
            case BrainCommand.Renewed renewed -> tokens.put(renewed.terms());
            case BrainCommand.Served served ->
                    leases.settled(served.requestId(), served.leaseId(), served.channels(), brain);
            case BrainCommand.LeaseEnded ended -> {
                LeaseTerms terms = ended.terms();
                leases.settled(terms.requestId(), terms.leaseId(), List.of(), brain);
                tokens.remove(terms.leaseId());
                accounting.ended(ended);
            }
            case BrainCommand.RequestEnded ended -> {}
            case BrainCommand.RequestChanged changed -> leases.changed(changed.requestId(), brain);
        }
    }
}
