#include "app/miner_desk.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <unordered_map>

#include "core/consensus/clock_check.hpp"
#include "node/commands.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr Tick kFar = 3'600'000;

/// How often the clock and the store are looked at while either keeps us from mining.
constexpr Tick kLookEvery = 1'000;
/// After a block of our own that the node refused, doubled each time.
constexpr Tick kRefusedWait = 1'000;
constexpr Tick kRefusedWaitMax = 60'000;
/// How long a block that is on its way may still take once its order's time is up.
constexpr Tick kSettle = 5'000;

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    for (const auto byte : random_bytes<8>()) value = value << 8 | byte;
    return value;
}

}  // namespace

MinerDesk::MinerDesk(std::shared_ptr<const ChainParams> chain, Gate& gate, MinerSettings settings,
                     Wanted wanted, Clock clock, Paused paused)
    : chain_{std::move(chain)},
      gate_{gate},
      settings_{std::move(settings)},
      wanted_{std::move(wanted)},
      clock_{std::move(clock)},
      paused_{std::move(paused)},
      workers_{settings_.threads,
               [this](const Job& job, std::uint64_t extranonce, const BlockHeader& header) {
                   // A worker has the lowest priority: it leaves the block here and does no more.
                   {
                       const std::lock_guard lock{mutex_};
                       found_ = Found{std::static_pointer_cast<const Assignment>(job.context),
                                      extranonce, header};
                       nudged_ = true;
                   }
                   wake_.notify_one();
               }} {}

void MinerDesk::start() {
    thread_ = std::thread{[this] { run(); }};
}

MinerDesk::~MinerDesk() { stop(); }

void MinerDesk::wake() {
    {
        const std::lock_guard lock{mutex_};
        nudged_ = true;
    }
    wake_.notify_one();
}

void MinerDesk::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        nudged_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    workers_.stop();
}

void MinerDesk::mine(MineOrder wish, std::stop_token stop, std::function<void(Mined)> done) {
    auto order = std::make_unique<Order>();
    order->wish = std::move(wish);
    order->stop = stop;
    order->done = std::move(done);
    order->generation = gate_.view()->generation;
    order->on_stop.emplace(std::move(stop), [this] { wake(); });
    {
        const std::lock_guard lock{mutex_};
        order->id = ++last_order_;
        if (!stopping_) orders_.push_back(std::move(order));
    }
    // Still here, if it was not taken on.
    if (order)
        return order->done(Mined{{}, "The node is stopping."});  // NOLINT(bugprone-use-after-move)
    wake();
}

bool MinerDesk::is_mining() const {
    const std::lock_guard lock{mutex_};
    return settings_.background.has_value() || !orders_.empty();
}

void MinerDesk::on_work(TemplatePtr work) {
    {
        const std::lock_guard lock{mutex_};
        work_ = std::move(work);
        nudged_ = true;
    }
    wake_.notify_one();
}

void MinerDesk::land(Landed landed) {
    {
        const std::lock_guard lock{mutex_};
        landed_.push_back(std::move(landed));
        nudged_ = true;
    }
    wake_.notify_one();
}

/// Credits blocks to the order under way. The mutex is held.
void MinerDesk::take_landed(Tick now, std::vector<Finished>& finished) {
    for (; !landed_.empty(); landed_.pop_front()) {
        const Landed& landed = landed_.front();
        in_flight_.reset();
        if (landed.refused) {
            refused_wait_ = std::clamp(refused_wait_ * 2, kRefusedWait, kRefusedWaitMax);
            refused_until_ = now + refused_wait_;
            refused_why_ = landed.failure;
        } else if (landed.hash) {
            refused_wait_ = 0;
        }
        assigned_.reset();  // the workers took that job off their board
        least_generation_ = std::max(least_generation_, landed.generation);
        if (orders_.empty() || orders_.front()->id != landed.order) continue;
        Order& order = *orders_.front();
        if (landed.hash) order.blocks.push_back(*landed.hash);
        if (order.blocks.size() >= order.wish.count || !landed.failure.empty()) {
            finished.push_back({std::move(orders_.front()), landed.failure});
            orders_.pop_front();
        }
    }
}

/// Ends orders whose time is up or whose client has left. The mutex is held.
void MinerDesk::end_orders(Tick now, std::vector<Finished>& finished) {
    // A block on its way through the node still belongs to the order under way.
    for (auto order = orders_.begin(); order != orders_.end();) {
        const bool under_way = order == orders_.begin() && in_flight_;
        const Tick deadline = (*order)->deadline;
        const bool too_late = under_way && deadline != 0 && now >= deadline + kSettle;
        std::string why;
        if (stopping_)
            why = "The node is stopping.";
        else if ((*order)->stop.stop_requested())
            why = "The request was given up.";
        else if (deadline != 0 && now >= deadline)
            why = "The time limit of " + std::to_string(settings_.order_timeout_ms / 1000) +
                  " s (--mine-timeout) passed.";
        if (why.empty() || (under_way && !stopping_ && !too_late)) {
            ++order;
            continue;
        }
        finished.push_back(
            {std::move(*order), std::move(why), kLookEvery, under_way ? in_flight_ : std::nullopt});
        order = orders_.erase(order);
    }
}

/// Whether there is work as new as that view, or newer, and time for it. The mutex is held.
bool MinerDesk::is_ready(std::uint64_t generation) const {
    return work_ && !in_flight_ && work_->generation >= std::max(generation, least_generation_);
}

/// The mutex is held.
std::optional<MinerDesk::Obstacle> MinerDesk::obstacle(Now now, bool read_only) const {
    if (read_only)
        return Obstacle{
            "The store cannot be written at the moment, so that nothing can be mined; "
            "the node's log names the cause.",
            5 * kLookEvery};
    if (now.steady < refused_until_) return Obstacle{refused_why_, refused_until_ - now.steady};
    if (!is_ready(orders_.empty() ? 0 : orders_.front()->generation)) return std::nullopt;
    const auto behind = clock_behind(work_->context.median_time, now.wall, chain_->spec());
    if (!behind) return std::nullopt;
    return Obstacle{behind->to_string(), (Tick{behind->until} - now.wall) * 1000};
}

void MinerDesk::draw_wait(Tick now) {
    if (settings_.background->even) {
        background_due_ = now + settings_.background->mean_wait_ms;
        return;
    }
    const auto mean = static_cast<double>(settings_.background->mean_wait_ms);
    const double uniform = (static_cast<double>(random_u64() >> 11) + 1) / 9007199254740993.0;
    background_due_ = now + static_cast<Tick>(-std::log(uniform) * mean);
}

/// What the workers are to do now. The mutex is held.
std::optional<MinerDesk::Assignment> MinerDesk::choose(Tick now) {
    if (!orders_.empty()) {
        Order& order = *orders_.front();
        if (order.deadline == 0) order.deadline = now + settings_.order_timeout_ms;
        if (!is_ready(order.generation)) return std::nullopt;
        return Assignment{order.id, order.wish.to, order.wish.note, work_};
    }
    if (!settings_.background || !is_ready(0)) return std::nullopt;
    if (settings_.background->on_transfer && work_->transfers.empty()) return std::nullopt;
    if (settings_.background->mean_wait_ms > 0) {
        if (paced_tip_ != work_->previous) {
            paced_tip_ = work_->previous;
            draw_wait(now);
        }
        if (now < background_due_) return std::nullopt;
    }
    return Assignment{0, settings_.background->to, settings_.background->note, work_};
}

/// Milliseconds until something may have to end or begin. The mutex is held.
Tick MinerDesk::next_deadline(Tick now) const {
    Tick at = now + kFar;
    if (!orders_.empty() && orders_.front()->deadline != 0)
        at = std::min(at, orders_.front()->deadline + (in_flight_ ? kSettle : 0));
    if (settings_.background && background_due_ > now) at = std::min(at, background_due_);
    return at > now ? at - now : 0;
}

void MinerDesk::run() {
    for (;;) {
        std::vector<Finished> finished;
        std::optional<Assignment> assignment;
        std::optional<Obstacle> hindered;
        std::optional<Found> found;
        bool wanted = false;
        bool ending = false;
        {
            std::unique_lock lock{mutex_};
            if (!nudged_) {
                const Tick longest = told_paused_.empty() ? kFar : kLookEvery;
                wake_.wait_for(
                    lock,
                    std::chrono::milliseconds{std::min(longest, next_deadline(clock_().steady))},
                    [this] { return nudged_; });
            }
            nudged_ = false;
        }
        const bool read_only = gate_.view()->read_only;
        {
            const std::lock_guard lock{mutex_};
            const Now clocks = clock_();
            const Tick now = clocks.steady;
            take_landed(now, finished);
            ending = stopping_;
            // One at a time: what is found while a block is on its way builds on the same tip.
            if (found_ && !in_flight_ && !ending) {
                found = std::move(found_);
                in_flight_ = hashed(found->header).hash;
            }
            found_.reset();
            end_orders(now, finished);
            if (!ending && !in_flight_) hindered = obstacle(clocks, read_only);
            // Nobody waits for the clock or for the disk.
            if (hindered)
                for (; !orders_.empty(); orders_.pop_front())
                    finished.push_back(
                        {std::move(orders_.front()), hindered->why, hindered->retry_after_ms});
            wanted = !ending && (!orders_.empty() || settings_.background);
            if (!ending && !hindered) assignment = choose(now);
        }
        tell_paused(hindered);
        if (wanted != told_wanted_) {
            told_wanted_ = wanted;
            wanted_(wanted);
        }
        assign(assignment);
        if (found) submit(*found);
        for (auto& [order, why, retry_after_ms, unsettled] : finished) {
            order->on_stop.reset();
            order->done(Mined{std::move(order->blocks), std::move(why),
                              static_cast<std::uint32_t>((retry_after_ms + 999) / 1000),
                              unsettled});
        }
        if (ending) return;
    }
}

void MinerDesk::tell_paused(const std::optional<Obstacle>& hindered) {
    if (!settings_.background) return;
    std::string why = hindered ? hindered->why : "";
    if (why.empty() == told_paused_.empty()) return;
    told_paused_ = std::move(why);
    paused_(told_paused_);
}

void MinerDesk::assign(const std::optional<Assignment>& assignment) {
    if (assignment == assigned_) return;
    assigned_ = assignment;
    if (!assignment) return workers_.clear();
    auto context = std::make_shared<const Assignment>(*assignment);
    auto job = std::make_shared<Job>();
    job->generation = assignment->work->generation;
    job->target = *expand(assignment->work->context.required_bits);
    job->context = context;
    // Two jobs never share an extranonce, nor do two nodes: each begins at a random one.
    job->first_extranonce = random_u64();
    job->header = [context, this](std::uint32_t /*worker*/, std::uint64_t extranonce) {
        const Bytes extra = reward_extra(extranonce, context->note);
        return assemble(*context->work, context->to, extra, clock_().wall).header;
    };
    workers_.set(std::move(job));
}

/// Hands a found block to the node.
void MinerDesk::submit(const Found& found) {
    const Assignment& assignment = *found.assignment;
    const Template& work = *assignment.work;
    Assembled block = assemble(work, assignment.to, reward_extra(found.extranonce, assignment.note),
                               found.header.time);
    block.header = found.header;
    std::unordered_map<Txid, TransferPtr> known;
    for (const auto& transfer : work.transfers) known.emplace(transfer->id(), transfer);
    auto checked = check_block(std::make_shared<const Bytes>(encode_block(work, block)), *chain_,
                               [&](const Txid& id) {
                                   const auto place = known.find(id);
                                   return place == known.end() ? nullptr : place->second;
                               });
    if (!checked)
        return land({assignment.order, std::nullopt, 0,
                     "The node refused its own block: " + checked.error().to_string(), true});
    const BlockPtr ready = std::move(*checked);
    using Verdict = Result<Submitted, Rejection>;
    const bool posted = gate_.post(
        Lane::blocks,
        make_command([ready](Node& node, Now now) { return node.submit(ready, now); },
                     [this, ready, order = assignment.order](std::optional<Verdict> verdict,
                                                             Result<ViewPtr, StoreError> outcome) {
                         Landed landed;
                         landed.order = order;
                         if (!outcome) {
                             landed.failure = "The store failed: " + outcome.error().detail;
                         } else if (!*verdict) {
                             landed.failure =
                                 "The node refused its own block: " + verdict->error().to_string();
                             landed.refused = true;
                         } else {
                             landed.generation = (*outcome)->generation;
                             const Staged rows{(*outcome)->store};
                             const auto record = tables::header(rows, ready->header.hash);
                             if (record && tables::best(rows, record->height) == ready->header.hash)
                                 landed.hash = ready->header.hash;
                         }
                         land(std::move(landed));
                     }));
    if (!posted)
        land({assignment.order, std::nullopt, 0, "The node has as many blocks waiting as it takes.",
              true});
}

}  // namespace cairn
