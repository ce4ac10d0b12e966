#include "api/http/loop.hpp"

#include <ctime>

namespace cairn::http {

Loop::Loop(const ServerConfig& config_in, Handler& handler_in)
    : config{config_in},
      handler{handler_in},
      work_{boost::asio::make_work_guard(context)},
      tick_{context} {}

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
    // What was posted before holds connections, and these hold the loop.
    context.restart();
    context.poll();
}

void Loop::schedule_tick() {
    if (ticking_) return;
    ticking_ = true;
    tick_.expires_after(config.tick);
    tick_.async_wait([this](const boost::system::error_code&) {
        ticking_ = false;
        on_tick();
    });
}

void Loop::on_tick() {
    const auto now = std::chrono::steady_clock::now();
    const bool over = draining_ && now >= drain_deadline_;
    for (auto next = tended_.begin(); next != tended_.end();) {
        const auto one = *next++;
        over ? one->cut() : one->tend(now);
    }
    if (!tended_.empty()) schedule_tick();
}

void Loop::end_if_drained() {
    // Sockets that were given away may still have something under way here, and are not waited for.
    if (draining_ && tended_.empty()) context.stop();
}

}  // namespace cairn::http
