#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "api/mine_desk.hpp"
#include "miner/template.hpp"
#include "miner/workers/workers.hpp"
#include "node/gate.hpp"

namespace cairn {

/// Mining that goes on by itself (`--mine`, `--mine-on`).
struct BackgroundMining {
    Address to;
    Bytes note;
    /// Mean of the exponential wait before each block, ms; 0: no wait (ASERT paces by itself).
    std::uint64_t mean_wait_ms = 0;
    /// The wait is just that at each new tip, not its mean.
    bool even = false;
    /// Only blocks that hold a transfer.
    bool on_transfer = false;
};

struct MinerSettings {
    std::uint32_t threads = 1;
    Tick order_timeout_ms = 60'000;
    std::optional<BackgroundMining> background;
};

/// Orders for blocks, one at a time, and background mining while there are none.
///
/// The node hands in new work after each commit that changed it (`on_work`); a block that is found
/// is handed to the node like any other and counts once it is durable and on the best chain.
/// Threads: any may order; `done` runs on the node's, a worker's or the desk's own thread.
class MinerDesk final : public MineDesk {
public:
    using Clock = std::function<Now()>;
    /// Tells the node whether templates are wanted.
    using Wanted = std::function<void(bool)>;
    /// Told once when background mining pauses, with the reason, and once when it goes on (empty).
    using Paused = std::function<void(const std::string& why)>;

    MinerDesk(
        std::shared_ptr<const ChainParams> chain, Gate& gate, MinerSettings settings, Wanted wanted,
        Clock clock, Paused paused = [](const std::string&) {});
    ~MinerDesk() override;
    MinerDesk(const MinerDesk&) = delete;
    MinerDesk& operator=(const MinerDesk&) = delete;

    /// Begins to work; called once, when the node's commits reach `on_work`: what the node says it
    /// has to mine on, it says once.
    void start();
    void mine(MineOrder order, std::stop_token stop, std::function<void(Mined)> done) override;
    [[nodiscard]] bool is_mining() const override;

    /// New work for the miners; the node's thread.
    void on_work(TemplatePtr work);
    /// Ends every order with what it has; nothing is searched afterwards.
    void stop();
    [[nodiscard]] std::uint64_t hashes() const { return workers_.hashes(); }

private:
    struct Order {
        std::uint64_t id = 0;
        MineOrder wish;
        std::stop_token stop;
        std::function<void(Mined)> done;
        std::vector<BlockHash> blocks;
        std::uint64_t generation = 0;  // of the view when it came: its blocks hold what that held
        Tick deadline = 0;             // 0 until it is under way
        std::optional<std::stop_callback<std::function<void()>>> on_stop;
    };
    using OrderPtr = std::unique_ptr<Order>;
    /// A found block's way through the node has ended.
    struct Landed {
        std::uint64_t order = 0;
        std::optional<BlockHash> hash;  // if it is on the best chain
        std::uint64_t generation = 0;   // of the view that shows it
        std::string failure;            // the store's, or the block was refused; empty otherwise
        bool refused = false;
    };
    /// What the workers are to do.
    struct Assignment {
        std::uint64_t order = 0;  // 0: mining in the background
        Address to;
        Bytes note;
        TemplatePtr work;
        friend bool operator==(const Assignment&, const Assignment&) = default;
    };

    struct Found {
        std::shared_ptr<const Assignment> assignment;
        std::uint64_t extranonce = 0;
        BlockHeader header;
    };

    /// Why nothing can be mined now, though somebody wants to.
    struct Obstacle {
        std::string why;
        Tick retry_after_ms = 1000;
    };
    struct Finished {
        OrderPtr order;
        std::string why;
        Tick retry_after_ms = 1000;
        std::optional<BlockHash> unsettled = {};
    };

    void run();
    void take_landed(Tick now, std::vector<Finished>& finished);
    void end_orders(Tick now, std::vector<Finished>& finished);
    [[nodiscard]] std::optional<Obstacle> obstacle(Now now, bool read_only) const;
    [[nodiscard]] bool is_ready(std::uint64_t generation) const;
    [[nodiscard]] std::optional<Assignment> choose(Tick now);
    [[nodiscard]] Tick next_deadline(Tick now) const;
    void assign(const std::optional<Assignment>& assignment);
    void submit(const Found& found);
    void tell_paused(const std::optional<Obstacle>& hindered);
    void land(Landed landed);
    void draw_wait(Tick now);
    void wake();

    const std::shared_ptr<const ChainParams> chain_;
    Gate& gate_;
    const MinerSettings settings_;
    const Wanted wanted_;
    const Clock clock_;
    const Paused paused_;

    mutable std::mutex mutex_;  // guards what follows, never held while calling out
    std::condition_variable wake_;
    bool nudged_ = true;  // to look round once at the beginning
    bool stopping_ = false;
    std::list<OrderPtr> orders_;  // the first is under way
    std::uint64_t last_order_ = 0;
    TemplatePtr work_;
    std::optional<Found> found_;
    std::deque<Landed> landed_;
    std::optional<BlockHash> in_flight_;  // a found block that is on its way through the node
    Tick refused_until_ = 0;              // the node refused our own blocks: no more before then
    Tick refused_wait_ = 0;               // how long that was
    std::string refused_why_;
    std::uint64_t least_generation_ = 0;  // older work is out of date
    Tick background_due_ = 0;
    BlockHash paced_tip_;

    std::optional<Assignment> assigned_;  // the desk's own thread's
    std::string told_paused_;             // the same
    bool told_wanted_ = false;            // the same
    Workers workers_;
    std::thread thread_;
};

}  // namespace cairn
