#include "app/nodes_desk.hpp"

#include <utility>

#include "node/commands.hpp"

namespace cairn {
namespace {

constexpr std::string_view kBusy =
    "The node has as many requests waiting as it takes; nothing was changed. Try again in a "
    "second.";
constexpr std::string_view kStopping = "The node is stopping.";
constexpr std::string_view kTrouble =
    "The store failed while this was under way; reading goes on. Ask again.";

NodesFailure out_of_time() {
    return {.why = "The time for it is over.", .out_of_time = true, .begun = true};
}

NodesFailure failure_of(const StoreError& error) {
    return {"The store failed: nothing was changed. (" + error.detail + ")"};
}

std::vector<std::string> texts_of(const std::vector<net::NodeAddress>& nodes) {
    std::vector<std::string> texts;
    for (const auto& node : nodes) texts.push_back(node.to_string());
    return texts;
}

/// Posts `run`, whose value is the answer once the group is durable.
template <class Value, class Run>
void post(Gate& gate, Lane lane, Run run, NodesDesk::Done<Value> done) {
    auto held = std::make_shared<NodesDesk::Done<Value>>(std::move(done));
    const bool posted = gate.post(
        lane, make_command(std::move(run),
                           [held](std::optional<Value> value, Result<ViewPtr, StoreError> outcome) {
                               if (!outcome) return (*held)(fail(failure_of(outcome.error())));
                               (*held)(std::move(*value));
                           }));
    if (!posted) (*held)(fail(NodesFailure{std::string{kBusy}}));
}

}  // namespace

GateNodesDesk::GateNodesDesk(Gate& gate, InventoryRounds& rounds, BytesOf bytes_of)
    : gate_{gate}, rounds_{rounds}, bytes_of_{std::move(bytes_of)} {}

GateNodesDesk::~GateNodesDesk() { stop(); }

GateNodesDesk::WaitingPtr GateNodesDesk::take(net::Ticket ticket) {
    const std::lock_guard lock{mutex_};
    const auto found = waiting_.extract(ticket);
    return found.empty() ? nullptr : found.mapped();
}

void GateNodesDesk::fail_one(net::Ticket ticket, const NodesFailure& failure) {
    const WaitingPtr waiting = take(ticket);
    if (!waiting) return;
    std::visit([&](const auto& done) { done(fail(NodesFailure{failure})); }, waiting->done);
}

void GateNodesDesk::fail_all(const NodesFailure& failure) {
    for (;;) {
        net::Ticket ticket = 0;
        {
            const std::lock_guard lock{mutex_};
            if (waiting_.empty()) return;
            ticket = waiting_.begin()->first;
        }
        fail_one(ticket, failure);
    }
}

void GateNodesDesk::ask(AnyDone done, std::stop_token stop, May may, Begin begin) {
    const auto waiting = std::make_shared<Waiting>(std::move(done));
    net::Ticket ticket = 0;
    std::string_view refused;
    {
        const std::lock_guard lock{mutex_};
        if (stopping_)
            refused = kStopping;
        else if (waiting_.size() >= kWaitingMax)
            refused = kBusy;
        else
            ticket = ++last_ticket_;
    }
    if (!refused.empty())
        return std::visit([&](const auto& told) { told(fail(NodesFailure{std::string{refused}})); },
                          waiting->done);
    // Before it can be found, for who takes it out destroys this too.
    waiting->on_stop.emplace(stop, [this, ticket] { fail_one(ticket, out_of_time()); });
    {
        const std::lock_guard lock{mutex_};
        waiting_.emplace(ticket, waiting);
    }
    const bool posted = gate_.post(
        Lane::blocks,
        make_command(
            [begin = std::move(begin), may = std::move(may), ticket](Node& node, Now now) {
                const bool begun = may();
                if (begun) begin(node, ticket, now);
                return begun;
            },
            [this, ticket](std::optional<bool> begun, Result<ViewPtr, StoreError> outcome) {
                if (!outcome) return fail_one(ticket, failure_of(outcome.error()));
                if (!*begun) fail_one(ticket, out_of_time());
            }));
    if (!posted) return fail_one(ticket, {std::string{kBusy}});
    bool ending = false;
    {
        const std::lock_guard lock{mutex_};
        ending = stopping_;
    }
    // What came between the two looks has missed it.
    if (ending) fail_one(ticket, {.why = std::string{kStopping}, .begun = true});
    if (stop.stop_requested()) fail_one(ticket, out_of_time());
}

void GateNodesDesk::register_nodes(std::vector<std::string> texts, std::stop_token stop, May may,
                                   Done<RegisterOutcome> done) {
    ask(std::move(done), std::move(stop), std::move(may),
        [texts = std::move(texts)](Node& node, net::Ticket ticket, Now now) {
            node.register_nodes(ticket, texts, now.steady + kRegisterMs, now);
        });
}

void GateNodesDesk::resolve(std::uint32_t seconds, std::stop_token stop, May may,
                            Done<ResolveOutcome> done) {
    ask(std::move(done), std::move(stop), std::move(may),
        [seconds](Node& node, net::Ticket ticket, Now now) {
            node.resolve(ticket, now.steady + Tick{seconds} * 1000, now);
        });
}

void GateNodesDesk::remove(std::string address, May may, Done<RemoveOutcome> done) {
    post<RemoveOutcome>(
        gate_, Lane::blocks,
        [address = std::move(address), may = std::move(may)](Node& node, Now now) {
            if (!may()) return RemoveOutcome{};
            const auto parsed = net::parse_node_address(address);
            RemoveOutcome outcome;
            outcome.removed = parsed && node.remove_node(*parsed, now);
            outcome.total_nodes = texts_of(node.registered());
            return outcome;
        },
        std::move(done));
}

void GateNodesDesk::list(Done<std::vector<ListedNode>> done) {
    post<std::vector<net::NodeState>>(
        gate_, Lane::transfers, [](Node& node, Now now) { return node.nodes(now); },
        [this, done = std::move(done)](Result<std::vector<net::NodeState>, NodesFailure> states) {
            if (!states) return done(fail(std::move(states.error())));
            std::vector<ListedNode> nodes;
            for (auto& state : *states) {
                ListedNode node;
                if (const auto bytes = state.connected ? bytes_of_(state.peer) : std::nullopt) {
                    node.bytes_in = bytes->in;
                    node.bytes_out = bytes->out;
                }
                node.state = std::move(state);
                nodes.push_back(std::move(node));
            }
            done(std::move(nodes));
        });
}

void GateNodesDesk::inventories(Done<Inventories> done) {
    post<std::vector<net::NodeAddress>>(
        gate_, Lane::transfers, [](Node& node, Now) { return node.registered(); },
        [this, done = std::move(done)](Result<std::vector<net::NodeAddress>, NodesFailure> nodes) {
            if (!nodes) return done(fail(std::move(nodes.error())));
            rounds_.ask(std::move(*nodes), done);
        });
}

void GateNodesDesk::on_registered(const net::Registered& told) {
    const WaitingPtr waiting = take(told.ticket);
    if (!waiting) return;
    if (const auto* done = std::get_if<Done<RegisterOutcome>>(&waiting->done))
        (*done)(told.outcome);
}

void GateNodesDesk::on_resolved(const net::Resolved& told) {
    const WaitingPtr waiting = take(told.ticket);
    if (!waiting) return;
    if (const auto* done = std::get_if<Done<ResolveOutcome>>(&waiting->done)) (*done)(told.outcome);
}

void GateNodesDesk::on_trouble() { fail_all({.why = std::string{kTrouble}, .begun = true}); }

void GateNodesDesk::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    fail_all({.why = std::string{kStopping}, .begun = true});
}

}  // namespace cairn
