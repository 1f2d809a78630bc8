import './styles/index.css';
import './toasts/toasts.css';
import { start } from './app/start.tsx';
import { connect } from './connection/connect.ts';

start(connect);
