#include "sim/world.hpp"

#include <algorithm>
#include <set>

#include "core/base/ensure.hpp"
#include "ledger/testing/state_digest.hpp"

namespace cairn::sim {
namespace {

constexpr std::uint64_t kFunds = 1'000 * Amount::kUnitsPerCoin;

std::shared_ptr<const ChainParams> params_of(ChainSpec spec, std::size_t senders) {
    if (spec.allocations.empty()) {
        testing::Keys keys;
        for (std::size_t i = 0; i < senders; ++i)
            spec.allocations.push_back({keys.address(Senders::kFirstKey + i), kFunds});
    }
    return testing::params_of(std::move(spec));
}

std::set<Txid> executable(const Node& node) {
    std::set<Txid> ids;
    for (const auto& transfer : node.pool().best(SIZE_MAX)) ids.insert(transfer->id());
    return ids;
}

}  // namespace

ChainSpec simulated_spec() {
    ChainSpec spec = testing::easy_spec();
    spec.name = "simulated";
    spec.prefix = "sim";
    spec.genesis_time = World::kEpoch - 1;
    spec.halving_interval = 50;
    spec.opening = Amount::kUnitsPerCoin;
    spec.future_limit = 7'200;
    return spec;
}

World::World(std::uint64_t seed, ChainSpec spec, std::size_t senders, UnixSeconds epoch)
    : chain_{params_of(std::move(spec), senders)},
      random_{seed},
      network_{scheduler_, random_.fork(), trace_},
      checker_{*chain_},
      senders_{*chain_, checker_, senders, random_.fork()},
      book_{*chain_},
      around_{chain_,
              scheduler_,
              network_,
              trace_,
              checker_,
              epoch,
              [this](Machine& machine, const Committed& committed) {
                  check_commit(machine, committed);
              },
              [this](Machine& machine, const BlockPtr& block) {
                  trace_.say(scheduler_.now(), machine.address().to_string() + " finds block " +
                                                   std::to_string(block->reward.height) + " " +
                                                   block->header.hash.to_string());
                  know(*block);
              },
              [this](Machine& machine) {
                  trace_.say(scheduler_.now(), machine.address().to_string() + " has no power");
                  if (on_stopped) on_stopped(machine);
              }} {}

net::NodeAddress World::address(std::size_t index) {
    return {"10.0." + std::to_string(index / 250) + "." + std::to_string(index % 250 + 1), 5'000};
}

Machine& World::add(MachineOptions options) {
    if (options.address.host.empty()) options.address = address(machines_.size());
    options.seed = random_.next();
    machines_.push_back(std::make_unique<Machine>(around_, std::move(options)));
    return *machines_.back();
}

void World::start_all() {
    for (const auto& machine : machines_) machine->start();
}

void World::connect_all() {
    std::vector<std::string> all;
    for (const auto& machine : machines_) {
        machine->set_mining(true);
        all.push_back(machine->address().to_string());
    }
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        auto others = all;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        machines_[i]->register_nodes(others, 10'000);
    }
    const auto found = run_until(
        [this] {
            return std::all_of(machines_.begin(), machines_.end(), [this](const auto& machine) {
                return machine->registered() && machine->node() &&
                       machine->node()->peers_connected() >= machines_.size() - 1;
            });
        },
        20 * kSecond);
    if (!found) fail("the nodes do not find each other");
}

bool World::mine(Machine& machine) {
    if (!run_until([&] { return machine.mines_on_tip(); }, kSecond)) return false;
    Address to;
    to.bytes.fill(static_cast<std::uint8_t>(machine.id() + 1));
    if (!machine.mine(to)) return false;
    return run_until([&] { return machine.mines_on_tip() && machine.is_idle(); }, kSecond);
}

void World::fail(const std::string& what) {
    if (failure_) return;
    const auto now = scheduler_.now() / kMillisecond;
    failure_ = "at " + std::to_string(now) + " ms: " + what;
    trace_.say(scheduler_.now(), "WRONG: " + what);
}

void World::know(const CheckedBlock& block) {
    if (const auto wrong = book_.add(block))
        fail("a machine found an invalid block, by the book: " + *wrong);
}

void World::run_for(Micros time) {
    const Micros until = scheduler_.now() + time;
    while (!failure_ && scheduler_.run_one(until)) {
    }
    if (!failure_) scheduler_.run_until(until);
}

bool World::run_until(const std::function<bool()>& condition, Micros within) {
    const Micros until = scheduler_.now() + within;
    while (!failure_ && !condition())
        if (!scheduler_.run_one(until)) return false;
    return !failure_;
}

void World::check_commit(Machine& machine, const Committed& committed) {
    const Tip& tip = committed.view->tip;
    trace_.add(scheduler_.now(), Trace::Event::commit, machine.id(), committed.view->generation,
               tip.hash.bytes);
    const auto who = [&] { return machine.address().to_string() + ": "; };
    if (machine.longest_step() > kSliceNs / 1'000)
        fail(who() + "a step of its thread took " + std::to_string(machine.longest_step()) + " us");
    const bool half_way = machine.node() != nullptr && machine.node()->ledger().is_half_way();
    const auto before = tips_.find(machine.id());
    if (before != tips_.end()) {
        if (before->second.hash == tip.hash) return;
        // First seen is kept, also over a crash. A switch of several batches may come by less, but
        // must end in more.
        if (tip.work <= before->second.work && !half_way)
            fail(who() + "its tip went to one of no more work, at height " +
                 std::to_string(tip.height));
    }
    if (!half_way) tips_[machine.id()] = tip;
    disconnected_ += committed.change.disconnected.size();
    deepest_ = std::max(deepest_, committed.change.disconnected.size());
    if (!book_.has(tip.hash)) return fail(who() + "its tip is a block that nobody found");
    const Staged rows{committed.view->store};
    const auto sum = testing::sum_of_balances(rows);
    if (sum != tip.issued)
        return fail(who() + "balances sum up to " + std::to_string(sum) + ", issued says " +
                    std::to_string(tip.issued) + ", at height " + std::to_string(tip.height));
    if (testing::state_digest(rows) != book_.digest(tip.hash))
        fail(who() + "its accounts are not those of the book, at height " +
             std::to_string(tip.height));
}

bool World::has_one_tip() const {
    return std::all_of(machines_.begin(), machines_.end(), [this](const auto& machine) {
        return machine->node() && machines_[0]->node() &&
               machine->node()->ledger().tip().hash == machines_[0]->node()->ledger().tip().hash;
    });
}

bool World::has_equal_work() const {
    return std::all_of(machines_.begin(), machines_.end(), [this](const auto& machine) {
        return machine->node() && machines_[0]->node() &&
               machine->node()->ledger().tip().work == machines_[0]->node()->ledger().tip().work;
    });
}

bool World::has_one_pool() const {
    std::optional<std::set<Txid>> first;
    for (const auto& machine : machines_) {
        if (!machine->node()) return false;
        const auto ids = executable(*machine->node());
        if (!first) first = ids;
        if (*first != ids) return false;
    }
    return true;
}

std::string World::tips() const {
    std::string all;
    for (const auto& machine : machines_) {
        all += (all.empty() ? "" : ", ") + std::to_string(machine->id()) + ": ";
        if (const Node* node = machine->node())
            all += std::to_string(node->ledger().tip().height) + " " +
                   node->ledger().tip().hash.to_string().substr(56) + " of " +
                   std::to_string(node->peers_connected()) + " peers";
        else
            all += "down";
    }
    return all;
}

std::string World::pool_differences() const {
    std::map<Txid, std::string> places;
    for (const auto& machine : machines_)
        if (const Node* node = machine->node())
            for (const auto& id : executable(*node)) places[id] += std::to_string(machine->id());
    std::string all;
    for (const auto& [id, hosts] : places) {
        if (hosts.size() == machines_.size()) continue;
        all += id.to_string().substr(56) + " at " + hosts;
        for (const auto& machine : machines_) {
            const Node* node = machine->node();
            if (node == nullptr) continue;
            if (const auto found = node->pool().find(id); found && hosts.size() < 100)
                all += ", nonce " + std::to_string(found->nonce()) + " of " +
                       std::to_string(found->sender().bytes[0]) + " (account " +
                       std::to_string(node->account(found->sender()).nonce) + ", next " +
                       std::to_string(node->next_nonce(found->sender())) + ")";
            else if (const auto dropped = tables::dropped(node->rows(), id))
                all += ", dropped by " + std::to_string(machine->id()) + ": " + dropped->reason;
        }
        all += "; ";
    }
    return all;
}

Machine& World::best() {
    Machine* best = nullptr;
    for (const auto& machine : machines_)
        if (machine->node() && (best == nullptr || machine->node()->ledger().tip().work >
                                                       best->node()->ledger().tip().work))
            best = machine.get();
    ENSURE(best != nullptr);
    return *best;
}

Hash256 World::replayed(const Node& node) {
    MemoryStore store;
    const Now now{0, around_.epoch + 1'000'000};
    auto fresh = Node::open(chain_, store, {}, now);
    ENSURE(fresh.has_value());
    for (Height height = 2; height <= node.ledger().tip().height; ++height) {
        const auto hash = tables::best(node.rows(), height);
        const auto bytes =
            hash ? tables::block(node.rows(), height, *hash) : std::optional<Bytes>{};
        if (!bytes) {
            fail("no block at height " + std::to_string(height));
            return {};
        }
        const auto checked = checker_.block(std::make_shared<const Bytes>(*bytes));
        const auto taken = checked ? (*fresh)->submit(*checked, now)
                                   : Result<Submitted, Rejection>{cairn::fail(checked.error())};
        if (!taken) {
            fail("a node from genesis refuses the block at height " + std::to_string(height) +
                 ": " + taken.error().to_string());
            return {};
        }
    }
    auto committed = (*fresh)->commit(now);
    ENSURE(committed.has_value());
    return testing::chain_digest(Staged{committed->view->store});
}

void World::check_transfers() {
    for (const auto& [transfer, at] : senders_.acknowledged()) {
        const Node* node = nullptr;
        for (const auto& machine : machines_)
            if (machine->id() == at) node = machine->node();
        if (node == nullptr) continue;
        const auto& id = transfer->id();
        if (!tables::location(node->rows(), id) && !node->pool().find(id) &&
            !tables::dropped(node->rows(), id))
            fail("transfer " + id.to_string() + " was acknowledged by host " + std::to_string(at) +
                 " and is neither in its chain nor its pool nor among the dropped");
    }
}

void World::check_settled() {
    if (failure_) return;
    // A pool follows its chain in slices, and what returns to it is in neither meanwhile.
    const auto rests = [&] {
        return std::ranges::none_of(machines_, [](const auto& machine) {
            return machine->node() != nullptr && machine->node()->has_more();
        });
    };
    if (!run_until(rests, kSecond)) return fail("a node does not come to rest");
    if (!has_one_tip()) return fail("the tips differ: " + tips());
    const Hash256 expected = replayed(*machines_[0]->node());
    for (const auto& machine : machines_) {
        if (failure_) return;
        if (testing::chain_digest(machine->node()->rows()) != expected)
            fail(machine->address().to_string() +
                 ": its rows are not those of a node that has seen this one chain only");
    }
    check_transfers();
}

}  // namespace cairn::sim
