#include "app/slow_threads.hpp"

namespace cairn {

struct SlowThreads::State : std::enable_shared_from_this<State> {
    explicit State(std::size_t most) : waiting_max{most} {}

    const std::size_t waiting_max;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> ready;
    std::map<std::string, std::deque<Job>> keyed;  // key held -> jobs waiting for it
    std::size_t waiting = 0;                       // for a key
    bool stopping = false;

    /// Queues a job that now has its key. The mutex is held.
    void launch(std::string key, Job job) {
        ready.emplace_back(
            [state = shared_from_this(), key = std::move(key), job = std::move(job)] {
                // The hold's deleter, not its pointer, is what matters.
                Hold hold = key.empty()
                                ? Hold{}
                                : Hold{state.get(), [state, key](void*) { state->release(key); }};
                job(std::move(hold));
            });
    }
    void release(const std::string& key) {
        std::deque<Job> dropped;  // outside the lock: a job may own another hold
        {
            const std::lock_guard lock{mutex};
            const auto place = keyed.find(key);
            if (stopping) dropped = std::move(place->second);
            if (stopping || place->second.empty()) {
                waiting -= dropped.size();
                keyed.erase(place);
                return;
            }
            Job next = std::move(place->second.front());
            place->second.pop_front();
            --waiting;
            launch(key, std::move(next));
        }
        wake.notify_one();
    }
    void run() {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock{mutex};
                wake.wait(lock, [&] { return stopping || !ready.empty(); });
                if (ready.empty()) return;
                job = std::move(ready.front());
                ready.pop_front();
            }
            job();
        }
    }
};

SlowThreads::SlowThreads() {
    for (std::size_t work = 0; work < kSlowWorks; ++work) {
        states_[work] = std::make_shared<State>(kLimits[work].waiting);
        for (std::size_t i = 0; i < kLimits[work].threads; ++i)
            threads_.emplace_back([state = states_[work]] { state->run(); });
    }
}

SlowThreads::~SlowThreads() { stop(); }

void SlowThreads::stop() {
    for (const auto& state : states_) {
        {
            const std::lock_guard lock{state->mutex};
            state->stopping = true;
        }
        state->wake.notify_all();
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

bool SlowThreads::post(SlowWork work, std::string key, Job job) {
    State& state = of(work);
    {
        const std::lock_guard lock{state.mutex};
        if (state.stopping || state.ready.size() + state.waiting >= state.waiting_max) return false;
        if (!key.empty()) {
            const auto [place, free] = state.keyed.try_emplace(key);
            if (!free) {
                place->second.push_back(std::move(job));
                ++state.waiting;
                return true;
            }
        }
        state.launch(std::move(key), std::move(job));
    }
    state.wake.notify_one();
    return true;
}

void SlowThreads::resume(SlowWork work, std::function<void()> job) {
    State& state = of(work);
    {
        const std::lock_guard lock{state.mutex};
        // Once the threads have gone nobody would take it, and its hold would keep the queue alive.
        if (!state.stopping) state.ready.push_back(std::move(job));
    }
    state.wake.notify_one();
}

}  // namespace cairn
