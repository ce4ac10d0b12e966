#include "api/http/loop.hpp"

#include <ctime>
#include <string>

#include "os/cpu_time.hpp"

namespace cairn::http {

Loop::Loop(const ServerConfig& config_in, Handler& handler_in, ServerMemory memory_in,
           std::shared_ptr<Admissions> places)
    : config{config_in},
      handler{handler_in},
      memory{std::move(memory_in)},
      work_{boost::asio::make_work_guard(context)},
      tick_{context},
      places_{std::move(places)} {}

void Loop::run() {
    event_began_ = thread_cpu_ns();
    int events = 0;  // since the last turn
    while (!context.stopped()) {
        if (turns_.empty()) {
            context.run_one();
        } else if (++events > kEventsBeforeATurn || context.poll_one() == 0) {
            events = 0;
            give_turn();
        }
        const auto now = thread_cpu_ns();
        if (config.steps) config.steps->add(now - event_began_);
        event_began_ = now;
    }
}

void Loop::give_turn() {
    const auto one = std::move(turns_.front());
    turns_.pop_front();
    one->work();
}

bool Loop::is_turn_over() const { return thread_cpu_ns() - event_began_ > kTurnNs; }

bool Loop::make_place() {
    constexpr std::size_t kLookedAt = 32;
    std::shared_ptr<Tended> chosen;
    std::size_t most = 0;
    std::size_t looked = 0;
    // All of them at once would be a walk through thousands for each that comes.
    for (auto at = tended_.rbegin(); at != tended_.rend() && looked < kLookedAt; ++at) {
        const std::string* address = (*at)->may_give_way();
        if (address == nullptr) continue;
        ++looked;
        const std::size_t count = places_->count_of(*address);
        if (count <= most) continue;
        most = count;
        chosen = *at;
    }
    if (!chosen) return false;
    chosen->give_way();
    return true;
}

Loop::Place Loop::add(std::shared_ptr<Tended> one) {
    tended_.push_front(std::move(one));
    schedule_tick();
    return tended_.begin();
}

void Loop::remove(Place place) {
    tended_.erase(place);
    end_if_drained();
}

const std::string& Loop::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_of_) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char text[32];
        date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
        date_of_ = now;
    }
    return date_;
}

void Loop::drain() {
    draining_ = true;
    drain_deadline_ = std::chrono::steady_clock::now() + config.stop_grace;
    for (auto next = tended_.begin(); next != tended_.end();) {
        const auto one = *next++;
        one->drain();
    }
    schedule_tick();
    end_if_drained();
}

void Loop::close() {
    {
        const std::lock_guard lock{open_mutex_};
        open_ = false;
    }
    for (auto next = tended_.begin(); next != tended_.end();) {
        const auto one = *next++;
        one->cut();
    }
    turns_.clear();
    // What was posted before holds connections, and these hold the loop.
    context.restart();
    context.poll();
    turns_.clear();
}

void Loop::schedule_tick() {
    if (ticking_) return;
    ticking_ = true;
    tick_.expires_after(config.tick);
    tick_.async_wait([this](const boost::system::error_code&) { on_tick(); });
}

void Loop::on_tick() {
    const auto now = std::chrono::steady_clock::now();
    under_pressure_ = memory.is_short() || places_->is_short();
    to_tend_.assign(tended_.begin(), tended_.end());
    tend_some(now);
}

void Loop::tend_some(SteadyTime now) {
    const bool over = draining_ && now >= drain_deadline_;
    for (std::size_t left = kTendedAtOnce; left > 0 && !to_tend_.empty(); --left) {
        const auto one = to_tend_.back().lock();
        to_tend_.pop_back();
        if (one) over ? one->cut() : one->tend(now);
    }
    if (!to_tend_.empty()) return boost::asio::post(context, [this, now] { tend_some(now); });
    ticking_ = false;
    if (!tended_.empty()) schedule_tick();
}

void Loop::end_if_drained() {
    // Sockets that were given away may still have something under way here, and are not waited for.
    if (draining_ && tended_.empty()) context.stop();
}

}  // namespace cairn::http
