#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/http/admissions.hpp"
#include "api/http/handler.hpp"
#include "api/http/limits_met.hpp"
#include "api/http/server.hpp"
#include "api/http/server_memory.hpp"

namespace cairn::http {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Something with deadlines that lives on one loop.
class Tended {
public:
    virtual ~Tended() = default;
    virtual void tend(SteadyTime now) = 0;  // are you late?
    virtual void drain() = 0;               // finish what you are at, then go
    virtual void cut() = 0;                 // go
    virtual void work() = 0;                // your turn, which you asked for
    /// The address whose connection it is, if it may be closed for another's sake; else null.
    [[nodiscard]] virtual const std::string* may_give_way() const = 0;
    virtual void give_way() = 0;  // ... then do so
};

/// One I/O thread's world: its io_context and its connections. All on that thread, but `post`.
class Loop {
public:
    using Place = std::list<std::shared_ptr<Tended>>::iterator;

    Loop(const ServerConfig& config_in, Handler& handler_in, ServerMemory memory_in,
         std::shared_ptr<Admissions> places);

    boost::asio::io_context context{1};
    const ServerConfig config;
    Handler& handler;
    const ServerMemory memory;

    /// Runs `task` on this loop's thread; any thread. Forgotten once the loop has closed.
    template <class Task>
    void post(Task task) {
        const std::lock_guard lock{open_mutex_};
        if (open_) boost::asio::post(context, std::move(task));
    }
    [[nodiscard]] bool runs_here() { return context.get_executor().running_in_this_thread(); }

    /// Keeps `one` alive until it is removed.
    Place add(std::shared_ptr<Tended> one);
    void remove(Place place);
    /// Has `work` called in its turn, once what waits at the sockets has been seen to: whoever asks
    /// for little is answered before the next part of a long answer is made.
    void ask_for_turn(std::shared_ptr<Tended> one) { turns_.push_back(std::move(one)); }
    /// Whether the event under way has taken enough time: what is left should ask for a turn.
    [[nodiscard]] bool is_turn_over() const;
    /// It has done something: others give way before it.
    void touch(Place place) { tended_.splice(tended_.begin(), tended_, place); }
    /// Closes a connection of those that have done nothing for longest, of the address that has
    /// most of them. False: none may be closed.
    bool make_place();
    [[nodiscard]] bool draining() const { return draining_; }

    /// Places or memory are short: who uses them for nothing is given less time. As of the last
    /// tick.
    [[nodiscard]] bool under_pressure() const { return under_pressure_; }
    void tell_limit(std::string_view what) const {
        if (config.limit_met) config.limit_met(what);
    }

    /// The value of a Date header.
    [[nodiscard]] const std::string& date();

    void run();
    void drain();  // on the loop's thread; `run` returns when all have gone or the grace is over
    void close();  // after `run` has returned: nothing is posted any more

private:
    static constexpr std::uint64_t kTurnNs = 2'000'000;  // of thread CPU
    static constexpr int kEventsBeforeATurn = 16;
    static constexpr std::size_t kTendedAtOnce = 32;

    void schedule_tick();
    void on_tick();
    /// The next of those who are tended in this tick, an event for so many.
    void tend_some(SteadyTime now);
    void give_turn();
    void end_if_drained();

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_;
    bool ticking_ = false;  // until all have been tended: no tick begins in another
    bool draining_ = false;
    bool under_pressure_ = false;
    SteadyTime drain_deadline_;
    const std::shared_ptr<Admissions> places_;
    std::list<std::shared_ptr<Tended>> tended_;   // who did something last stands first
    std::vector<std::weak_ptr<Tended>> to_tend_;  // in this tick, still
    std::deque<std::shared_ptr<Tended>> turns_;
    std::uint64_t event_began_ = 0;  // thread CPU
    std::time_t date_of_ = -1;
    std::string date_;

    std::mutex open_mutex_;
    bool open_ = true;  // guarded by open_mutex_
};

}  // namespace cairn::http
