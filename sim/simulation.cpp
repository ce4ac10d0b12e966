#include "sim/simulation.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace cairn::sim {
namespace {

/// Nodes try again after at most five minutes.
constexpr Micros kRedialledWithin = 400 * kSecond;
constexpr Micros kOneTipWithin = 30 * kSecond;
constexpr Micros kOnePoolWithin = 60 * kSecond;

class Simulation {
public:
    Simulation(const Plan& plan, std::uint64_t seed, const Listener& listener)
        : plan_{plan},
          world_{seed, simulated_spec(), plan.senders},
          random_{world_.random().fork()} {
        world_.trace().listener = listener;
        world_.on_stopped = [this](Machine& machine) { restart_later(machine); };
        outcome_.seed = seed;
    }

    Outcome run() {
        begin();
        world_.run_for(plan_.lasts);
        heal();
        settle();
        outcome_.failure = world_.failure();
        outcome_.history = world_.trace().digest();
        outcome_.events = world_.trace().events();
        outcome_.blocks = world_.book().size() - 1;
        outcome_.abandoned = world_.disconnected();
        outcome_.deepest = world_.deepest();
        outcome_.transfers = world_.senders().acknowledged().size();
        if (!outcome_.failure) outcome_.height = world_.best().node()->ledger().tip().height;
        return outcome_;
    }

private:
    void begin() {
        for (std::size_t i = 0; i < plan_.nodes + plan_.joins; ++i) {
            MachineOptions options;
            options.ledger = plan_.ledger;
            if (plan_.skew > 0)
                options.skew = static_cast<std::int64_t>(
                                   random_.below(2 * static_cast<std::uint64_t>(plan_.skew) + 1)) -
                               plan_.skew;
            world_.add(options);
            power_.push_back(random_.between(1, 10));
        }
        for (std::size_t i = 0; i < plan_.nodes; ++i) begin_at(i);
        for (std::size_t i = 0; i < plan_.joins; ++i)
            world_.scheduler().after(random_.between(plan_.lasts / 3, plan_.lasts), [this] {
                if (!healed_) join();
            });
        every(plan_.block_every, [this] { mine(); });
        every(plan_.transfer_every, [this] { world_.senders().send(any()); });
        every(plan_.cut_every, [this] { fault([this] { cut(); }); });
        every(plan_.break_every, [this] { fault([this] { world_.network().break_any(); }); });
        every(plan_.crash_every, [this] { fault([this] { crash(); }); });
        every(plan_.disk_fault_every, [this] { fault([this] { fail_disk(); }); });
        every(plan_.slow_every, [this] { fault([this] { slow_down(); }); });
        every(plan_.burst_every, [this] { burst(); });
        every(plan_.split_every, [this] { fault([this] { split(); }); });
    }

    void begin_at(std::size_t i) {
        Machine& machine = world_.machine(i);
        machine.start();
        machine.set_mining(true);
        // A ring, and a way across it: nobody knows all the others by himself.
        const auto across = (i + random_.between(1, plan_.nodes - 1)) % plan_.nodes;
        machine.register_nodes(
            {World::address((i + 1) % plan_.nodes).to_string(), World::address(across).to_string()},
            5'000);
    }
    void join() {
        const std::size_t i = plan_.nodes + joined_++;
        say(world_.machine(i).address().to_string() + " joins");
        begin_at(i);
    }
    /// Many transfers at once, which are still on their way when others come and go.
    void burst() {
        Machine& machine = any();
        say(machine.address().to_string() + " is sent many transfers");
        for (std::size_t i = 0; i < plan_.burst; ++i) world_.senders().send(machine);
    }
    /// Two parts that grow apart, the second a few blocks further than the first.
    void split() {
        std::vector<unsigned> groups;
        for (std::size_t i = 0; i < world_.machines().size(); ++i) groups.push_back(i % 2);
        say("the network splits in two, and both parts grow");
        world_.network().cut(groups, Network::Cut::resets);
        const auto number = ++cuts_;
        grow_apart(number, 2 * plan_.split_blocks + random_.between(1, 3));
    }
    void grow_apart(std::uint64_t number, std::size_t blocks) {
        if (cuts_ != number || healed_) return;
        if (blocks == 0) {
            say("the parts meet");
            return world_.network().heal();
        }
        mine_at(world_.machine(blocks % 2));
        world_.scheduler().after(60 * kMillisecond,
                                 [this, number, blocks] { grow_apart(number, blocks - 1); });
    }

    /// At times of a clock without memory, until the heal.
    void every(Micros mean, std::function<void()> what) {
        if (mean == 0) return;
        world_.scheduler().after(random_.exponential(mean), [this, mean, what] {
            if (healed_) return;
            what();
            every(mean, what);
        });
    }
    void fault(const std::function<void()>& what) {
        ++outcome_.faults;
        what();
    }
    void say(const std::string& words) { world_.trace().say(world_.scheduler().now(), words); }
    Machine& any() { return world_.machine(random_.below(plan_.nodes)); }

    void mine() {
        std::uint64_t all = 0;
        for (const auto power : power_) all += power;
        std::uint64_t drawn = random_.below(all);
        std::size_t who = 0;
        while (drawn >= power_[who]) drawn -= power_[who++];
        mine_at(world_.machine(who));
    }
    bool mine_at(Machine& machine) {
        Address to;
        to.bytes.fill(static_cast<std::uint8_t>(machine.id() + 1));
        return machine.mine(to);
    }

    void cut() {
        const std::uint64_t parts = random_.between(2, 3);
        std::vector<unsigned> groups;
        std::string shown;
        for (std::size_t i = 0; i < plan_.nodes; ++i) {
            groups.push_back(static_cast<unsigned>(random_.below(parts)));
            shown += std::to_string(groups.back());
        }
        const auto how = random_.once_in(2) ? Network::Cut::resets : Network::Cut::stalls;
        say("cut " + shown + (how == Network::Cut::resets ? ", resets" : ", stalls"));
        world_.network().cut(groups, how);
        const auto number = ++cuts_;
        world_.scheduler().after(random_.exponential(plan_.cut_lasts), [this, number] {
            if (cuts_ != number) return;  // another cut took its place
            say("the cut heals");
            world_.network().heal();
        });
    }

    void crash() {
        Machine& machine = any();
        switch (random_.below(4)) {
            case 0:
                say(machine.address().to_string() + " is killed");
                machine.kill();
                return restart_later(machine);
            case 1:
                return machine.power_off();
            default: {
                const auto in_flight = random_.once_in(2) ? SimulatedDisk::InFlight::lost
                                                          : SimulatedDisk::InFlight::kept;
                return machine.crash_at(random_.between(1, 6), in_flight);
            }
        }
    }
    void restart_later(Machine& machine) {
        const Micros after = healed_ ? kSecond : random_.exponential(plan_.down_for);
        world_.scheduler().after(after, [this, &machine] {
            if (machine.process() != 0) return;
            say(machine.address().to_string() + " starts");
            machine.start();
        });
    }
    void fail_disk() {
        any().fail_writes(random_.between(1, 3),
                          random_.once_in(2) ? StoreFault::io : StoreFault::no_space);
    }
    void slow_down() {
        if (random_.once_in(4)) {
            any().set_slowness(random_.between(2, 300));
            return;
        }
        if (random_.once_in(3)) {
            any().set_write_time(random_.between(1, 400) * kMillisecond);
            return;
        }
        const auto a = random_.below(plan_.nodes);
        const auto b = (a + random_.between(1, plan_.nodes - 1)) % plan_.nodes;
        world_.network().set_link(
            a, b,
            {random_.between(1, 800) * kMillisecond, random_.between(0, 800) * kMillisecond,
             random_.between(5, 2'000)});
    }

    void heal() {
        healed_ = true;
        say("everything heals");
        ++cuts_;
        world_.network().heal();
        world_.network().set_all_links({});
        for (const auto& machine : world_.machines()) {
            machine->crash_never();
            machine->fail_writes(0, StoreFault::io);
            machine->set_write_time(2 * kMillisecond);
            machine->set_slowness(1);
        }
        while (joined_ < plan_.joins) join();
        for (const auto& machine : world_.machines()) machine->start();
    }

    void settle() {
        const auto clock = [this] { return world_.scheduler().now(); };
        const auto begin = clock();
        if (!world_.run_until(
                [this] { return world_.has_equal_work() && world_.best().mines_on_tip(); },
                kRedialledWithin))
            return world_.fail("the tips have different work " +
                               std::to_string(kRedialledWithin / kSecond) +
                               " s after the heal: " + world_.tips());
        outcome_.equal_after = clock() - begin;
        const auto mined = clock();
        const auto blocks = world_.best().node()->ledger().tip().height;
        mine_at(world_.best());
        if (!world_.run_until(
                [this, blocks] {
                    return world_.has_one_tip() &&
                           world_.best().node()->ledger().tip().height > blocks;
                },
                kOneTipWithin))
            return world_.fail("the tips differ 30 s after the heal and a block: " + world_.tips());
        outcome_.one_tip_after = clock() - mined;
        settle_pools();
        outcome_.one_pool_after = clock() - mined;
        world_.check_settled();
    }

    /// Two transfers of one sender and nonce that came in at different nodes are both right where
    /// they are, until a block decides between them.
    void settle_pools() {
        for (int blocks = 0; blocks < 3; ++blocks) {
            const auto agree = [this] { return world_.has_one_tip() && world_.has_one_pool(); };
            if (world_.run_until(agree, kOnePoolWithin)) return;
            ++outcome_.conflicts;
            world_.run_until([this] { return world_.best().mines_on_tip(); }, kSecond);
            mine_at(world_.best());
        }
        world_.fail("the pools differ: " + world_.pool_differences());
    }

    Plan plan_;
    World world_;
    Random random_;
    Outcome outcome_;
    std::vector<std::uint64_t> power_;
    std::uint64_t cuts_ = 0;
    std::size_t joined_ = 0;
    bool healed_ = false;
};

}  // namespace

Outcome simulate(const Plan& plan, std::uint64_t seed, const Listener& listener) {
    Simulation simulation{plan, seed, listener};
    return simulation.run();
}

std::string to_string(const Outcome& outcome) {
    const auto seconds = [](Micros time) {
        return std::to_string(time / kSecond) + "." + std::to_string(time / 100'000 % 10) + " s";
    };
    std::string line = "seed " + std::to_string(outcome.seed) + ": ";
    line += outcome.failure ? "FAILED " + *outcome.failure : std::string{"ok"};
    line += "; height " + std::to_string(outcome.height) + ", " + std::to_string(outcome.blocks) +
            " blocks, " + std::to_string(outcome.abandoned) + " abandoned, deepest " +
            std::to_string(outcome.deepest) + ", " + std::to_string(outcome.transfers) +
            " transfers, " + std::to_string(outcome.faults) + " faults; equal work " +
            seconds(outcome.equal_after) + " after the heal, one tip " +
            seconds(outcome.one_tip_after) + " after a block; " + std::to_string(outcome.events) +
            " events, " + outcome.history.to_string().substr(0, 16);
    return line;
}

}  // namespace cairn::sim
